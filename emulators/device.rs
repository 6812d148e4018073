//! The contract that every device obeys: camera, head, display, post, controller, and the bench that holds
//! them.
//!
//! A device is a machine without input or output. Whoever drives it
//!
//! 1. hands it what happened with [`Device::handle_input`], or tells it that its wake has come with
//!    [`Device::handle_timeout`];
//! 2. drains [`Device::poll_output`] until it answers `None`;
//! 3. asks [`Device::poll_timeout`] when to come back.
//!
//! **Ties.** At one instant inputs come before timeouts; inputs follow the order in which their causes
//! happened, then the site's port order; a device's own timers follow their declaration. A device that is
//! woken early does nothing; one that is woken late does all that was due, in order.
//!
//! **Limits.** A device drains in at most [`DRAIN_LIMIT`] outputs per call. Exceeding it is the device's
//! fault and is reported as such by the bench, which stops draining it.

use crate::time::Instant;

/// The most outputs a device may produce in answer to one input or timeout.
pub const DRAIN_LIMIT: usize = 1_000;

/// One of a device's own connectors. What is plugged into it is not the device's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Port(pub u8);

/// Something that happens to a device. `Act` is what this kind of device can experience besides bytes.
#[derive(Clone, Debug)]
pub enum Input<'a, Act> {
    /// The last of these bytes has just arrived. Borders between calls mean nothing.
    Bytes {
        /// The connector at which they arrived.
        port: Port,
        /// What arrived, damaged or not. Never empty.
        bytes: &'a [u8],
    },
    /// The supply comes (`true`) or goes. A device without supply forgets what is not persisted and is silent.
    Power(bool),
    /// Somebody at the device's own panel.
    Operator(Operator),
    /// Something only this kind of device knows.
    Act(Act),
}

/// What a person at a controller's panel can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Let the controller run by itself.
    Automatic,
    /// Hold the signals; changes only on [`Operator::Step`].
    Manual,
    /// In manual mode: move to the other green (safely, with all intergreens).
    Step,
    /// Flash yellow until told otherwise.
    Flash,
    /// Lamps off.
    Off,
    /// Acknowledge latched faults; if their causes are gone the controller starts up again.
    Reset,
}

impl Operator {
    /// All that can be done, each with the word for it.
    pub const ALL: [(&'static str, Operator); 6] = [
        ("automatic", Operator::Automatic),
        ("manual", Operator::Manual),
        ("step", Operator::Step),
        ("flash", Operator::Flash),
        ("off", Operator::Off),
        ("reset", Operator::Reset),
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        Operator::ALL[self as usize].0
    }
}

/// Something a device does. `Sight` is what the world can see of this kind of device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<Sight> {
    /// The device starts to send now; the bytes take their character time on the cable.
    Bytes {
        /// The connector at which they leave.
        port: Port,
        /// What is sent. Never empty.
        bytes: Vec<u8>,
    },
    /// What the world sees of the device from now on. Sent on every change, and once when power comes.
    Sight(Sight),
    /// What must be handed back when the device is constructed again after a loss of power.
    Persist(Vec<u8>),
    /// Bytes that the device could not use. It carries on as the real one would.
    Reject {
        /// Where they arrived.
        port: Port,
        /// How many bytes were thrown away.
        skipped: usize,
        /// Why.
        why: &'static str,
    },
}

/// When a device wants to be called again, and what it is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// The instant.
    pub at: Instant,
    /// The name of the timer.
    pub why: &'static str,
}

/// A machine without input or output. See the module's documentation for the contract.
pub trait Device {
    /// What this kind of device can experience besides bytes, power and operators.
    type Act;
    /// What the world can see of it.
    type Sight;

    /// Something happened at `now`, which never goes back.
    fn handle_input(&mut self, now: Instant, input: Input<'_, Self::Act>);
    /// The wake has come. Does nothing where nothing is due.
    fn handle_timeout(&mut self, now: Instant);
    /// The next thing the device does, until `None`.
    fn poll_output(&mut self) -> Option<Output<Self::Sight>>;
    /// When to call again, if nothing else happens before.
    fn poll_timeout(&self) -> Option<Wake>;
}

impl<D: Device + ?Sized> Device for Box<D> {
    type Act = D::Act;
    type Sight = D::Sight;

    fn handle_input(&mut self, now: Instant, input: Input<'_, D::Act>) {
        (**self).handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        (**self).handle_timeout(now);
    }

    fn poll_output(&mut self) -> Option<Output<D::Sight>> {
        (**self).poll_output()
    }

    fn poll_timeout(&self) -> Option<Wake> {
        (**self).poll_timeout()
    }
}
