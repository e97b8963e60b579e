-- A file of version 1, as released. Never changed.
PRAGMA application_id = 1363233876;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE acknowledgements (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, rule TEXT NOT NULL, "group" TEXT NOT NULL,
        generation INTEGER NOT NULL, record TEXT NOT NULL
    );
INSERT INTO "acknowledgements" VALUES(1,1010.0,'long-wait','sales',1,'{"at":1010.0,"alert":{"rule":"long-wait","group":"sales"},"generation":1,"by":"ann","how":"phone","until":2810.0}');
CREATE TABLE alerts (
        rule TEXT NOT NULL, "group" TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL,
        next_at REAL, record TEXT NOT NULL,
        PRIMARY KEY (rule, "group")
    );
INSERT INTO "alerts" VALUES('long-wait','sales',3,'firing',1060.0,'{"id":{"rule":"long-wait","group":"sales"},"generation":3,"state":"firing","severity":2,"state_since":1000.0,"condition_since":null,"fired_at":1000.0,"keep_until":null,"reason":"waiting 6 >= 5","acknowledged_by":"","acknowledged_until":null,"cursor":{"profile":{"name":"day","steps":[{"targets":[{"kind":"person","name":"ann","methods":[]}],"timeout_s":60.0}],"repeat":0,"urgent_only":false,"occasion":"each-new","finally_tell":[],"acknowledged_for_s":1800.0},"cycle":0,"step":0,"next_at":1060.0,"exhausted_at":null,"is_snoozed":false}}');
CREATE TABLE attempts (
        rule TEXT NOT NULL, "group" TEXT NOT NULL, generation INTEGER NOT NULL, cycle INTEGER NOT NULL,
        step INTEGER NOT NULL, person TEXT NOT NULL, method TEXT NOT NULL, number INTEGER NOT NULL,
        state TEXT NOT NULL, at REAL NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (rule, "group", generation, cycle, step, person, method, number)
    );
INSERT INTO "attempts" VALUES('long-wait','sales',1,0,0,'ann','phone',1,'dialling',1000.0,'{"key":{"alert":{"rule":"long-wait","group":"sales"},"generation":1,"cycle":0,"step":0,"person":"ann","method":"phone","number":1},"state":"dialling","at":1000.0,"ended_at":null,"detail":""}');
CREATE TABLE history (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, rule TEXT NOT NULL, "group" TEXT NOT NULL,
        generation INTEGER NOT NULL, record TEXT NOT NULL
    );
INSERT INTO "history" VALUES(1,1000.0,'long-wait','sales',1,'{"at":1000.0,"alert":{"rule":"long-wait","group":"sales"},"generation":1,"what":"fired","words":"waiting 6 >= 5","by":""}');
CREATE TABLE intervals (
        "group" TEXT NOT NULL, begins REAL NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY ("group", begins)
    );
INSERT INTO "intervals" VALUES('sales',900.0,'{"group":"sales","begins":900.0,"length_s":900.0,"figures":{"offered":5.0}}');
CREATE TABLE modes (person TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE overrides (id TEXT PRIMARY KEY, until REAL NOT NULL, record TEXT NOT NULL);
CREATE TABLE settings (name TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE silences (id TEXT PRIMARY KEY, until REAL NOT NULL, record TEXT NOT NULL);
CREATE INDEX attempts_at ON attempts (at);
CREATE INDEX acknowledgements_at ON acknowledgements (at);
CREATE INDEX history_at ON history (at);
CREATE INDEX history_of ON history (rule, "group", at);
CREATE INDEX intervals_begins ON intervals (begins);
COMMIT;
