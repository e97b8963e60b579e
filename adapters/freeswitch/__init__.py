"""FreeSWITCH's event socket (ESL) and its mod_callcenter."""
