//! The service port's register map.

use super::super::map::{self, Mode, log as code};
use super::street::Street;
use crate::wire::modbus::{Exception, Request, Response};

#[test]
fn the_state_block_is_read_with_one_request() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.wait(1, 2);
    street.run_to(85_100);
    let Response::Registers(4, state) = street.ask(&Request::ReadInputs(0, map::STATE_LEN)) else {
        panic!("not registers")
    };
    let mode = Mode::Normal as u16;
    // Log: power on, automatic running.
    assert_eq!(state[..10], [mode, 0, 1, 11, 0, 2, code::MODE, mode, 0, 15_000]);
    assert_eq!(state[12..], [0, 0, 0, 0]);
}

#[test]
fn what_is_not_in_the_map_is_refused() {
    let mut street = Street::new();
    street.run_to(60_000);
    let refused = [
        (Request::ReadInputs(16, 1), Exception::IllegalAddress),
        (Request::ReadInputs(99, 2), Exception::IllegalAddress),
        (Request::ReadInputs(148, 1), Exception::IllegalAddress),
        (Request::ReadHolding(6, 1), Exception::IllegalAddress),
        (Request::WriteRegister(6, 0), Exception::IllegalAddress),
        (Request::WriteRegister(map::MODE_REQUEST, Mode::Boot as u16), Exception::IllegalValue),
        (Request::WriteRegister(map::MODE_REQUEST, 7), Exception::IllegalValue),
        (Request::WriteRegisters(map::LOG_CURSOR, vec![3, 2].into()), Exception::IllegalValue),
        (Request::ReadCoils(0, 1), Exception::IllegalFunction),
    ];
    for (request, exception) in refused {
        let answer = street.ask(&request);
        assert!(
            matches!(answer, Response::Exception(_, code) if code == exception),
            "{request:?}: {answer:?}"
        );
    }
    // A request that is refused writes nothing.
    assert_eq!(street.ask(&Request::ReadHolding(map::LOG_CURSOR, 1)), Response::Registers(3, vec![0].into()));
}

#[test]
fn every_change_of_mode_is_logged_once() {
    let mut street = Street::new();
    street.run_to(60_000);
    for mode in [Mode::Flash, Mode::Normal, Mode::Manual, Mode::Normal] {
        street.ask(&Request::WriteRegister(map::MODE_REQUEST, mode as u16));
        street.run(10_000);
    }
    let modes: Vec<u16> =
        street.log().into_iter().filter(|(code, _)| *code == code::MODE).map(|(_, mode)| mode).collect();
    let expected = [Mode::Normal, Mode::Flash, Mode::Boot, Mode::Normal, Mode::Manual, Mode::Normal];
    assert_eq!(modes, expected.map(|mode| mode as u16));
}

#[test]
fn a_log_window_beyond_the_newest_entry_is_zero() {
    let mut street = Street::new();
    street.run_to(60_000);
    street.ask(&Request::WriteRegister(map::LOG_CURSOR, 1));
    let Response::Registers(4, window) = street.ask(&Request::ReadInputs(map::LOG_WINDOW, 48)) else {
        panic!("not registers")
    };
    assert_eq!(window[..2], [code::MODE, Mode::Normal as u16]);
    assert_eq!(window[6..], [0; 42]);
}
