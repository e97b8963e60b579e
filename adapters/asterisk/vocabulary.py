"""Names of the events that Asterisk sends: those taken here, and those this adapter has no use for.

A name that is neither here nor handled is counted as unknown: that is how a damaged stream, or an Asterisk
of the future, is noticed.

Source: Asterisk 22, "AMI Events" of the reference manual, and the recordings in tests/golden/asterisk.
"""

from typing import Final

__all__ = ["IGNORED", "VARIABLES", "WANTED"]

WANTED: Final = (
    "AgentCalled",
    "AgentComplete",
    "AgentConnect",
    "AgentDump",
    "AgentRingNoAnswer",
    "AttendedTransfer",
    "BlindTransfer",
    "BridgeEnter",
    "FullyBooted",
    "Hangup",
    "Hold",
    "QueueCallerAbandon",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueMemberAdded",
    "QueueMemberPause",
    "QueueMemberPenalty",
    "QueueMemberRemoved",
    "QueueMemberRinginuse",
    "QueueMemberStatus",
    "Reload",
    "Shutdown",
    "Unhold",
)
"""Events that mean something here, but for ``VarSet`` and what belongs to an answer."""

VARIABLES: Final = ("ABANDONED", "QUEUEPOSITION", "QUEUESTATUS", "QUEUEWAIT")
"""Variables whose ``VarSet`` means something here."""

_NAMES: Final = """
AgentLogin AgentLogoff Agents AgentsComplete AGIExecEnd AGIExecStart Alarm AlarmClear AOC-D AOC-E AOC-S
AorDetail AorList AorListComplete AsyncAGIEnd AsyncAGIExec AsyncAGIStart AuthDetail AuthList
AuthListComplete AuthMethodNotAllowed BridgeCreate BridgeDestroy BridgeInfoChannel BridgeInfoComplete
BridgeLeave BridgeListComplete BridgeListItem BridgeMerge BridgeVideoSourceUpdate Cdr CEL
ChallengeResponseFailed ChallengeSent ChannelTalkingStart ChannelTalkingStop ChanSpyStart ChanSpyStop
ConfbridgeEnd ConfbridgeJoin ConfbridgeLeave ConfbridgeList ConfbridgeListComplete ConfbridgeListRooms
ConfbridgeListRoomsComplete ConfbridgeMute ConfbridgeRecord ConfbridgeStart ConfbridgeStopRecord
ConfbridgeTalking ConfbridgeUnmute ContactList ContactListComplete ContactStatus ContactStatusDetail
CoreShowChannel CoreShowChannelMapComplete CoreShowChannelsComplete DAHDIChannel DBGetComplete
DBGetResponse DBGetTreeResponse DeadlockStart DeviceStateChange DeviceStateListComplete DialBegin DialEnd
DialState DNDState DTMFBegin DTMFEnd DynamicEvent EndpointDetail EndpointDetailComplete EndpointList
EndpointListComplete ExtensionStateListComplete ExtensionStatus FailedACL FAXSession FAXSessionsComplete
FAXSessionsEntry FAXStats FAXStatus Flash HangupHandlerPop HangupHandlerPush HangupHandlerRun
HangupRequest IdentifyDetail InvalidAccountID InvalidPassword InvalidTransport Load LoadAverageLimit
LocalBridge LocalOptimizationBegin LocalOptimizationEnd LogChannel MCID MeetmeEnd MeetmeJoin MeetmeLeave
MeetmeList MeetmeListRooms MeetmeMute MeetmeTalking MeetmeTalkRequest MemoryLimit MessageWaiting
MiniVoiceMail MixMonitorMute MixMonitorStart MixMonitorStop MonitorStart MonitorStop MusicOnHoldStart
MusicOnHoldStop MWIGet MWIGetComplete NewAccountCode NewCallerid Newchannel NewConnectedLine Newexten
NewExten Newstate OriginateResponse ParkedCall ParkedCallGiveUp ParkedCallsComplete ParkedCallSwap
ParkedCallTimeOut PeerEntry PeerlistComplete PeerStatus Pickup PresenceStateChange
PresenceStateListComplete PresenceStatus QueueCallerPriorityChange QueueEntryPriorityChange QueueRule
QueueRulesComplete QueueSummary QueueSummaryComplete ReceiveFAX Registry Rename RequestBadFormat
RequestNotAllowed RequestNotSupported ResourceListDetail RTCPReceived RTCPSent SendFAX SessionLimit
SessionTimeout SIPQualifyPeerDone SkypeAccountStatus SoftHangupRequest SpanAlarm SpanAlarmClear Status
StatusComplete SuccessfulAuth TransportDetail UnexpectedAddress Unload UnParkedCall UserEvent
VoicemailPasswordChange VoicemailUserEntry VoicemailUserEntryComplete Wink
"""

IGNORED: Final = frozenset(name.encode() for name in _NAMES.split())
"""As bytes, because they are looked up before a frame is decoded."""
