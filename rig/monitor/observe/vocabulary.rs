//! The signals there are. Their names stand in the catalogue; `mod.rs` says what each means.

use super::super::signal::{Domain, SignalId, Vocabulary};

const VEHICLE: Domain = Domain::Names(&["OFF", "R", "Y", "G", "FY", "OTHER"]);
const PEDESTRIAN: Domain = Domain::Names(&["OFF", "R", "G", "FG", "OTHER"]);
const DIGITS: Domain = Domain::Names(&["DARK", "GREEN", "YELLOW", "RED"]);
const VOICE: Domain = Domain::Names(&["NONE", "GO", "STOP"]);
const LIGHT: Domain = Domain::Names(&["DARK", "RED", "GREEN"]);
const MODE: Domain = Domain::Names(&["UNKNOWN", "BOOT", "NORMAL", "FALLBACK", "FLASH", "MANUAL", "OFF"]);
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
    yellow_green_out: Domain::Flag => ["YG_OUT"];
    lamp_fault: Domain::Flag => ["LAMP_FAULT"];
    command_mismatch: Domain::Flag => ["CMD_MISMATCH"];
    green_uncommanded: Domain::Flag => ["GREEN_UNCOMMANDED"];
    feedback_link: Domain::Flag => ["FEEDBACK_LINK"];
    lamp_link: Domain::Flag => ["LAMP_LINK"];
    lamp_noise: Domain::Flag => ["LAMP_NOISE"];
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
    camera_link: Domain::Flag => ["CAMA_LINK", "CAMB_LINK"];
    camera_good: Domain::Flag => ["CAMA_GOOD", "CAMB_GOOD"];
    streak: Domain::Number => ["camA_streak", "camB_streak"];
    clean: Domain::Number => ["camA_clean", "camB_clean"];
    churn: Domain::Flag => ["CHURNA", "CHURNB"];
    ill: Domain::Flag => ["ILLA", "ILLB"];
    connect_request: Domain::Event => ["connect_request_A", "connect_request_B"];
    connect_reply: Domain::Event => ["connect_reply_A", "connect_reply_B"];
    in_session: Domain::Flag => ["SESSIONA", "SESSIONB"];
    heartbeat_query: Domain::Event => ["heartbeat_query_A", "heartbeat_query_B"];
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
    log_count: Domain::Number => ["LOGN"];
    detector: Domain::Number => ["DETA", "DETB"];
    suspect: Domain::Flag => ["SUSPECT"];
    asked: Domain::Flag => ["ASKED"];
    lost: Domain::Flag => ["LOSTA", "LOSTB"];
    judged_implausible: Domain::Flag => ["IMPLA", "IMPLB"];
    stuck: Domain::Flag => ["STUCKA", "STUCKB"];
    inactive: Domain::Flag => ["IDLEA", "IDLEB"];
    erratic: Domain::Flag => ["ERRATICA", "ERRATICB"];
    log: Domain::Event => ["log"];
    interlock: Domain::Event => ["interlock"];
    log_backwards: Domain::Flag => ["LOG_BACKWARDS"];
    latched: Domain::Flag => ["LATCHED"];
    operated: Domain::Flag => ["OPERATED"];
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
