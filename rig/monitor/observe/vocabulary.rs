//! The signals there are, and what each means. Their names stand in the catalogue.
//!
//! `VA VB PA PB` aspects; `VAr..PBg` driven lamps (where the rig senses lamps: those lit, unless broken); `cdV cdP cdVB cdPB` numbers as they were sent, `cdVcol cdPcol`
//! colours; `cdP_red cdV_walk` numbers that count to pedestrian green (the latter plus D), `cdP_green cdV_green` to its
//! end and to vehicle green; `dispV dispP dispVB dispPB` numbers that the displays hold; `VOX VOXB POST POSTB VOL VOLB`
//! posts.
//!
//! | signal | true while, or happens when |
//! |---|---|
//! | `DARKENED` | pedestrian heads dark, vehicle heads neither red nor green: flashing or off, known at once |
//! | `LIT_CONFLICT`, `LIT_DUAL` | vehicle green or yellow with pedestrian green; red and green of one head: lit |
//! | `VRED_OUT` | all driven vehicle reds are not lit |
//! | `VRED_ONE_OUT`, `PRED_OUT`, `YG_OUT` | such a lamp was not lit when last driven |
//! | `PRED_DARK` | a pedestrian red is driven and not lit at this moment: it is out, or it flickers |
//! | `LAMP_FAULT` | any head: driven is not lit; where lamps are sensed: lit is not commanded, for longer than sensing takes |
//! | `UNSEEN_LAMPS` | the lamp-sense module is silent or its answers too far apart, and on to the next vehicle green: nothing above and no aspect is known |
//! | `CMD_MISMATCH`, `LIT_UNCOMMANDED`, `GREEN_UNCOMMANDED` | coils last acknowledged differ from the feedback; in a lamp, in a green that is lit |
//! | `FEEDBACK_LINK`, `LAMP_LINK`, `LAMP_NOISE` | answer within 0.5 s; every head written within the watchdog time; damage within 2 s, and from 1 s before it |
//! | `LAMP_UNHEARD` | no unit on the lamp bus has answered for 0.55 s |
//! | `FEEDBACK_DEAF` | the feedback module was asked, and asked again before it answered |
//! | `FEEDBACK_LOST`, `UNIT_DEAF` | the feedback module, a unit on the lamp bus: nothing but questions for 1.5 s, for 2.5 s |
//! | `HEAD_LOST` | a head has been deaf so long, until a reset that finds it answering, a loss of supply, or, before the first green, until it answers |
//! | `POSTS_TOLD`, `go_told_A`, `stop_told_A` | the same of the posts as `WATCHDOG_TOLD` of the heads; a post is told to say a sentence |
//! | `WATCHDOG_TOLD` | every head has been told since it had supply to wait no longer than the watchdog time |
//! | `CD_LINK`, `cd_frame` | a broadcast arrived within 2 s; a broadcast was sent |
//! | `POST_FAULT` | a post does not do what it is told |
//! | `QUIET` | time of day outside `voice_from..voice_to` |
//! | `nA nB presA presB pres nX upX downX ON` | believable counts; who waits; who walks |
//! | `TRIP`, `TRIP_ANY`, `trip` | an entry on red, until the count is back; also one that may be a remainder, until nobody is left who may be it; the entry |
//! | `TRIP_FAIR` | the same after a frame that arrived in the red, or just before: a controller may call it an entry |
//! | `camA_frame camA_bad BADA` | an intact 0801; damage or an implausible count; the last 0801 was implausible; `BAD_WAITING_A`: in its waiting area |
//! | `CAMA_LINK CAMA_GOOD camA_streak camA_clean CHURNA` | intact, believable 0801 within `camera_silence`; good ones in a row; good ones since it was lost, silent or implausible; erratic |
//! | `LINE_NOISEA` | damage on a line that camera and controller share, or a report overdue there, and 3 s on |
//! | `UNWATCHEDA` | the camera looks at the crosswalk, and has no `CAMA_LINK` any more |
//! | `UNANSWEREDA` | heartbeat queries sent since the camera last answered one, or connected |
//! | `ILLA` | the camera's last status says that its waiting area's channel is abnormal |
//! | `connect_request_A ... statistics_ack_A SESSIONA` | the session; heartbeats are owed |
//! | `MODE DEM DEMA DEMB ANN_REG FAULT LOGN DETA DETB LOSTA IMPLA STUCKA IDLEA ERRATICA log interlock LOG_BACKWARDS` | service port; nothing after twice `service_poll` without an answer |
//! | `REFUSED_AFTER` | how long what the interlock would not see ended had lasted, in ms, as the controller's log says |
//! | `FAULT_UNLOGGED` | the fault that stands has never been in the log |
//! | `LOGGED22` | that fault (24, 25) has been in the log: while it stands it need not be there again, and the panel may show a newer one |
//! | `DEM_READ LOSTA_READ` | the last reading shows a demand, a lost detector: from when it was read |
//! | `PANEL_WRONG` | what a reading says that cannot be: 1 uptime, 2 time of the newest entry, 3 stages, 4 announcement, 5 policy, 6 a log that has shrunk, 7 a value acknowledged that is none, 8 local time of an entry, 9 the fault shown |
//! | `clock_written` | the clock was set over the service port |
//! | `SUSPECT`, `SUSPECTA`, `ASKED` | a detector, that of a kerb, is failed; one is, a demand or a mode other than normal: as the panel shows it, or may have been since its reading before |
//! | `LATCHED` | a latching fault was logged and not acknowledged |
//! | `WISH`, `wish` | the mode that was asked for last, until a reset or a loss of supply; somebody asked (1 automatic, 2 manual, 3 step, 4 flash, 5 off, 6 reset) |
//! | `reset_asked` | somebody asked for a reset, told of in whatever order |
//! | `OPERATED` | somebody asked for a mode, a step or a reset within 5 s |
//! | `POWER COLD SHORT_DIP` | supply; from power after more than `dip_boot` to vehicle green; 5 s after a ridden dip |
//! | `SUPPLY_FAILS` | no supply: from 1.5 s *before* on, as what the lamps were about to show is not known then |
//! | `RUNNING` | from vehicle green until a vehicle head flashes or is dark |
//! | `UPSET` | not running, no or new supply, operated, manual, lamps unlinked: from 1.5 s *before* on |
//! | `WALKING` | from pedestrian green to vehicle green |
//! | `UNSEEN` | somebody left a kerb in the steady green, and nobody was seen on the crosswalk since the last vehicle green |
//! | `WAITING` | a presence that proved to last, across gaps shorter than `hold`, until served |
//! | `ANN` | from the first red number while the pedestrian head is red to its green or the end of the numbers |
//! | `GREEN_NEEDED GREEN_ALLOWED LENGTHENS` | P35 in ms, and whether it is on |
//! | `overlap`, `modbus_gap_lamps modbus_gap_feedback` | the controller sends into another's frame; silence in us before a request that is shorter than any before |
//!
//! Not produced, because no property uses them: occupancy, waiting time, statistics contents, camera time stamps, the
//! shown (as against told) digits, register reads of posts, the service cable's silences (the rig asks there).

use super::super::signal::{Domain, SignalId, Vocabulary};

const VEHICLE: Domain = Domain::Names(&["OFF", "R", "Y", "G", "FY", "OTHER"]);
const PEDESTRIAN: Domain = Domain::Names(&["OFF", "R", "G", "FG", "OTHER"]);
const DIGITS: Domain = Domain::Names(&["DARK", "GREEN", "YELLOW", "RED"]);
const VOICE: Domain = Domain::Names(&["NONE", "GO", "STOP"]);
const LIGHT: Domain = Domain::Names(&["DARK", "RED", "GREEN"]);
const MODE: Domain = Domain::Names(&["UNKNOWN", "BOOT", "NORMAL", "FALLBACK", "FLASH", "MANUAL", "OFF"]);
const WISH: Domain = Domain::Names(&["NONE", "AUTOMATIC", "MANUAL", "FLASH", "OFF"]);
const POLICY: Domain = Domain::Names(&["OBSERVED", "BALANCED", "FIXED_TIME", "PUSH_BUTTON"]);

/// Declares the signals: a field of [`Ids`] for each name or group of names, registered in this order.
macro_rules! signals {
    ($($field:ident: $domain:expr => [$($name:literal),+];)+) => {
        /// Where each signal stands in the vocabulary.
        #[derive(Clone, Debug)]
        pub(super) struct Ids { $(pub(super) $field: [SignalId; [$($name),+].len()],)+ }

        impl Ids {
            /// Registers all signals.
            pub(super) fn register(vocabulary: &mut Vocabulary) -> Ids {
                Ids { $($field: [$($name),+].map(|name| vocabulary.add(name, $domain)),)+ }
            }
        }
    };
}

signals! {
    vehicle: VEHICLE => ["VA", "VB"];
    pedestrian: PEDESTRIAN => ["PA", "PB"];
    raw: Domain::Flag => ["VAr", "VAy", "VAg", "VBr", "VBy", "VBg", "PAr", "PAg", "PBr", "PBg"];
    darkened: Domain::Flag => ["DARKENED"];
    lit_conflict: Domain::Flag => ["LIT_CONFLICT"];
    lit_dual: Domain::Flag => ["LIT_DUAL"];
    vehicle_reds_out: Domain::Flag => ["VRED_OUT"];
    vehicle_red_out: Domain::Flag => ["VRED_ONE_OUT"];
    pedestrian_red_out: Domain::Flag => ["PRED_OUT"];
    pedestrian_red_dark: Domain::Flag => ["PRED_DARK"];
    yellow_green_out: Domain::Flag => ["YG_OUT"];
    lamp_fault: Domain::Flag => ["LAMP_FAULT"];
    unseen_lamps: Domain::Flag => ["UNSEEN_LAMPS"];
    command_mismatch: Domain::Flag => ["CMD_MISMATCH"];
    green_uncommanded: Domain::Flag => ["GREEN_UNCOMMANDED"];
    lit_uncommanded: Domain::Flag => ["LIT_UNCOMMANDED"];
    feedback_link: Domain::Flag => ["FEEDBACK_LINK"];
    feedback_deaf: Domain::Flag => ["FEEDBACK_DEAF"];
    feedback_lost: Domain::Flag => ["FEEDBACK_LOST"];
    unit_deaf: Domain::Flag => ["UNIT_DEAF"];
    head_lost: Domain::Flag => ["HEAD_LOST"];
    lamp_link: Domain::Flag => ["LAMP_LINK"];
    lamp_noise: Domain::Flag => ["LAMP_NOISE"];
    lamp_unheard: Domain::Flag => ["LAMP_UNHEARD"];
    watchdog_told: Domain::Flag => ["WATCHDOG_TOLD"];
    posts_told: Domain::Flag => ["POSTS_TOLD"];
    go_told: Domain::Event => ["go_told_A", "go_told_B"];
    stop_told: Domain::Event => ["stop_told_A", "stop_told_B"];
    countdown: Domain::Number => ["cdV", "cdP", "cdVB", "cdPB"];
    digits: DIGITS => ["cdVcol", "cdPcol"];
    to_walk: Domain::Number => ["cdP_red", "cdV_walk"];
    to_end: Domain::Number => ["cdP_green", "cdV_green"];
    countdown_link: Domain::Flag => ["CD_LINK"];
    display: Domain::Number => ["dispV", "dispP", "dispVB", "dispPB"];
    countdown_frame: Domain::Event => ["cd_frame"];
    voice: VOICE => ["VOX", "VOXB"];
    post: LIGHT => ["POST", "POSTB"];
    volume: Domain::Number => ["VOL", "VOLB"];
    post_fault: Domain::Flag => ["POST_FAULT"];
    quiet: Domain::Flag => ["QUIET"];
    count: Domain::Number => ["nA", "nB"];
    present: Domain::Flag => ["presA", "presB"];
    any_present: Domain::Flag => ["pres"];
    crosswalk: Domain::Number => ["nX", "upX", "downX"];
    on_crosswalk: Domain::Flag => ["ON"];
    trip: Domain::Flag => ["TRIP", "TRIP_ANY", "TRIP_FAIR"];
    trip_event: Domain::Event => ["trip"];
    camera_frame: Domain::Event => ["camA_frame", "camB_frame"];
    camera_bad: Domain::Event => ["camA_bad", "camB_bad"];
    implausible: Domain::Flag => ["BADA", "BADB"];
    waiters_implausible: Domain::Flag => ["BAD_WAITING_A", "BAD_WAITING_B"];
    camera_link: Domain::Flag => ["CAMA_LINK", "CAMB_LINK"];
    camera_good: Domain::Flag => ["CAMA_GOOD", "CAMB_GOOD"];
    unwatched: Domain::Flag => ["UNWATCHEDA", "UNWATCHEDB"];
    streak: Domain::Number => ["camA_streak", "camB_streak"];
    clean: Domain::Number => ["camA_clean", "camB_clean"];
    churn: Domain::Flag => ["CHURNA", "CHURNB"];
    line_noise: Domain::Flag => ["LINE_NOISEA", "LINE_NOISEB"];
    ill: Domain::Flag => ["ILLA", "ILLB"];
    connect_request: Domain::Event => ["connect_request_A", "connect_request_B"];
    connect_reply: Domain::Event => ["connect_reply_A", "connect_reply_B"];
    in_session: Domain::Flag => ["SESSIONA", "SESSIONB"];
    heartbeat_query: Domain::Event => ["heartbeat_query_A", "heartbeat_query_B"];
    unanswered: Domain::Number => ["UNANSWEREDA", "UNANSWEREDB"];
    status_upload: Domain::Event => ["status_upload_A", "status_upload_B"];
    status_ack: Domain::Event => ["status_ack_A", "status_ack_B"];
    statistics_upload: Domain::Event => ["statistics_upload_A", "statistics_upload_B"];
    statistics_ack: Domain::Event => ["statistics_ack_A", "statistics_ack_B"];
    mode: MODE => ["MODE"];
    demand: Domain::Flag => ["DEM"];
    demand_read: Domain::Flag => ["DEM_READ"];
    lost_read: Domain::Flag => ["LOSTA_READ", "LOSTB_READ"];
    kerb_demand: Domain::Flag => ["DEMA", "DEMB"];
    announcing_register: Domain::Flag => ["ANN_REG"];
    fault: Domain::Number => ["FAULT"];
    fault_unlogged: Domain::Flag => ["FAULT_UNLOGGED"];
    logged: Domain::Flag => ["LOGGED22", "LOGGED24", "LOGGED25"];
    log_count: Domain::Number => ["LOGN"];
    detector: Domain::Number => ["DETA", "DETB"];
    suspect: Domain::Flag => ["SUSPECT"];
    kerb_suspect: Domain::Flag => ["SUSPECTA", "SUSPECTB"];
    asked: Domain::Flag => ["ASKED"];
    lost: Domain::Flag => ["LOSTA", "LOSTB"];
    judged_implausible: Domain::Flag => ["IMPLA", "IMPLB"];
    stuck: Domain::Flag => ["STUCKA", "STUCKB"];
    inactive: Domain::Flag => ["IDLEA", "IDLEB"];
    erratic: Domain::Flag => ["ERRATICA", "ERRATICB"];
    log: Domain::Event => ["log"];
    interlock: Domain::Event => ["interlock"];
    refused_after: Domain::Number => ["REFUSED_AFTER"];
    log_backwards: Domain::Flag => ["LOG_BACKWARDS"];
    panel_wrong: Domain::Number => ["PANEL_WRONG"];
    clock_written: Domain::Event => ["clock_written"];
    latched: Domain::Flag => ["LATCHED"];
    wish: WISH => ["WISH"];
    wished: Domain::Event => ["wish"];
    reset_asked: Domain::Event => ["reset_asked"];
    operated: Domain::Flag => ["OPERATED"];
    supply_fails: Domain::Flag => ["SUPPLY_FAILS"];
    power: Domain::Flag => ["POWER"];
    cold: Domain::Flag => ["COLD"];
    short_dip: Domain::Flag => ["SHORT_DIP"];
    running: Domain::Flag => ["RUNNING"];
    upset: Domain::Flag => ["UPSET"];
    walking: Domain::Flag => ["WALKING"];
    unseen: Domain::Flag => ["UNSEEN"];
    waiting: Domain::Flag => ["WAITING"];
    announcement: Domain::Flag => ["ANN"];
    green_needed: Domain::Number => ["GREEN_NEEDED"];
    green_allowed: Domain::Number => ["GREEN_ALLOWED"];
    lengthens: Domain::Flag => ["LENGTHENS"];
    policy: POLICY => ["POLICY"];
    overlap: Domain::Event => ["overlap"];
    modbus_gap: Domain::Event => ["modbus_gap_lamps", "modbus_gap_feedback"];
}
