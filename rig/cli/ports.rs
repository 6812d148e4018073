//! `rig ports`: what is plugged in.

use super::Exit;
use crate::driver::probe::{Adapter, Roots, plugged_in, set_timer};

/// Arguments of `rig ports`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// Look there instead of `/` (for tests).
    #[arg(long, hide = true, value_name = "DIR")]
    root: Option<std::path::PathBuf>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Exit {
    let roots = arguments.root.as_ref().map_or_else(Roots::default, |root| Roots {
        sys: root.join("sys"),
        dev: root.join("dev"),
        proc: root.join("proc"),
        groups: root.join("etc/group"),
    });
    let adapters = plugged_in(&roots);
    if arguments.json {
        let value = serde_json::json!({ "version": 1, "ports": adapters });
        say!("{value:#}");
        return Exit::Passed;
    }
    if adapters.is_empty() {
        say!("no serial port is plugged in");
        say!("  plug an adapter in and look again; `dmesg | tail` tells whether the kernel saw it");
        say!(
            "  no adapter at hand: `pty:NAME` in a ports file makes a pseudo-terminal, `tcp://host:port` reaches a"
        );
        say!("  port server; `rig check --dut soft` needs no port at all");
        return Exit::Passed;
    }
    for adapter in &adapters {
        show(adapter);
    }
    if adapters.iter().any(slow) {
        say!("");
        say!("FTDI adapters collect what they hear; for 1 ms instead, until they are plugged in again:");
        for adapter in adapters.iter().filter(|adapter| slow(adapter)) {
            say!("  {}", set_timer(&adapter.node.display().to_string()));
        }
        say!(
            "for good: write this line to /etc/udev/rules.d/99-latency.rules, then `sudo udevadm control --reload`"
        );
        say!(
            "  ACTION==\"add\", SUBSYSTEM==\"usb-serial\", DRIVER==\"ftdi_sio\", ATTR{{latency_timer}}=\"1\""
        );
    }
    Exit::Passed
}

fn slow(adapter: &Adapter) -> bool {
    adapter.latency_ms.is_some_and(|ms| ms > 1)
}

fn show(adapter: &Adapter) {
    let unknown = || "?".to_owned();
    let what: Vec<&str> =
        [&adapter.maker, &adapter.product].into_iter().flatten().map(String::as_str).collect();
    say!(
        "{}  {}",
        adapter.node.display(),
        if what.is_empty() { "(not USB)".to_owned() } else { what.join(", ") }
    );
    let usb = adapter
        .usb
        .as_ref()
        .map_or_else(String::new, |(vendor, product)| format!(", USB {vendor}:{product}"));
    let serial = adapter.serial.as_ref().map_or_else(String::new, |serial| format!(", number {serial}"));
    say!("  driver     {}{usb}{serial}", adapter.driver.clone().unwrap_or_else(unknown));
    for (place, name) in adapter.names.iter().enumerate() {
        say!("  {}\"{name}\"", if place == 0 { "write      " } else { "or         " });
    }
    if let Some(ms) = adapter.latency_ms {
        let remark = if ms > 1 { ": every instant is known to that only; see below" } else { "" };
        say!("  hands over every {ms} ms{remark}");
    }
    for holder in &adapter.held_by {
        say!("  in use by  {holder}");
    }
    if let Some(why) = &adapter.refused {
        say!("  {why}");
    }
}
