//! Faults that only show when two places of a site file are looked at together.

use super::document::{Entry, Section};
use super::file_error::FileError;
use super::read_wiring::read_address;

/// Refuses a number that stands twice in lists that share one bus or one module.
pub(crate) fn no_two_alike(what: &str, lists: &[Entry<'_>], low: u8, high: u8) -> Result<(), FileError> {
    let mut taken: Vec<u8> = Vec::new();
    for list in lists {
        for item in list.list()? {
            if low == 1 && item.integer(i64::MIN, i64::MAX) == Ok(0) {
                return Err(
                    item.error("0 is the broadcast address", format!("write a {what} from 1 to {high}"))
                );
            }
            let number = item.number(low, high)?;
            if taken.contains(&number) {
                let free = (low..=high).find(|free| !taken.contains(free));
                let hint =
                    free.map_or_else(|| "there are no more".to_owned(), |free| format!("{free} is free"));
                return Err(item.error(format!("{what} {number} is taken twice on this cable"), hint));
            }
            taken.push(number);
        }
    }
    Ok(())
}

/// Refuses two cameras, or a camera and the controller, under one address.
pub(crate) fn camera_addresses(controller: &Entry<'_>, cameras: &[Section<'_>; 2]) -> Result<(), FileError> {
    let mut taken = vec![controller.quantity(read_address)?];
    for camera in cameras {
        let entry = camera.required("address", "write its address: `\"110112/0010/101\"`")?;
        let address = entry.quantity(read_address)?;
        if taken.contains(&address) {
            return Err(entry.error(
                format!("address {}/{:04x}/{} is taken twice", address.admin, address.kind, address.number),
                "give every device a number of its own",
            ));
        }
        taken.push(address);
    }
    Ok(())
}

/// Refuses a crosswalk that both cameras or neither look at: people on it would be counted twice, or not at all.
pub(crate) fn crosswalk_covered_once(cameras: &[Section<'_>; 2]) -> Result<(), FileError> {
    let hint = "write `crosswalk_channel` at exactly one of the two cameras";
    match cameras.each_ref().map(|camera| camera.get("crosswalk_channel")) {
        [Some(_), Some(second)] => Err(second.error("both cameras cover the crosswalk", hint)),
        [None, None] => Err(cameras[0].error("neither camera covers the crosswalk", hint)),
        [Some(_), None] | [None, Some(_)] => Ok(()),
    }
}
