//! From a check as written to its machine: reads the texts of its keys, with errors that name file, line and key.

use super::bound;
use super::compile::Compiler;
use super::edge;
use super::expr::{self, Expr};
use super::parse::{ParseError, closest};
use super::pattern::{
    Agree, Answer, CountsTo, Every, Exercise, Held, Lasts, Length, Never, Pattern, Responds, Seen, Share,
    Steps, Transitions, Trigger, Value,
};
use super::property::{Check, Content, Entry, Property, PropertyError, Shape};
use super::signal::{Domain, SignalId};

/// A check, ready to run.
pub(super) struct Assembled {
    pub(super) pattern: Pattern,
    pub(super) scope: Option<u32>,
    pub(super) tolerance: u64,
}

/// Reads one check.
pub(super) struct Assembler<'c, 'a> {
    pub(super) compiler: &'c mut Compiler<'a>,
    pub(super) property: &'c Property,
    pub(super) check: &'c Check,
}

type Read<T> = Result<T, PropertyError>;

impl Assembler<'_, '_> {
    pub(super) fn assemble(&mut self) -> Read<Assembled> {
        let scope_expr = self.optional("while", expr::parse)?;
        let mut scope = None;
        if let Some(expr) = &scope_expr {
            scope = Some(self.at("while", |compiler| compiler.follow(expr))?);
        }
        let tolerance = self.tolerance()?;
        let pattern = match self.check.shape {
            Shape::Never => self.never(scope_expr, scope)?,
            Shape::Lasts => self.lasts()?,
            Shape::Responds => self.responds()?,
            Shape::Held => self.held()?,
            Shape::Seen => self.seen()?,
            Shape::Value => self.value()?,
            Shape::Steps => self.steps()?,
            Shape::CountsTo => self.counts_to()?,
            Shape::Transitions => self.transitions()?,
            Shape::Every => self.every()?,
            Shape::Agree => self.agree(scope_expr)?,
            Shape::Share => self.share()?,
        };
        self.compiler.end_check();
        Ok(Assembled { pattern, scope, tolerance })
    }

    fn never(&mut self, scope_expr: Option<Expr>, scope: Option<u32>) -> Read<Pattern> {
        let expr = self.required("never", expr::parse)?;
        let mut longest = self.optional_length("longer_than")?;
        if longest.is_none() && self.check.entry("tolerance").is_some() {
            longest = Some(Length::Constant(0));
        }
        let trigger = self.optional("triggers", edge::parse)?;
        let exercise = match (trigger, scope) {
            (Some(edge), _) => Exercise::Edge(self.at("triggers", |compiler| compiler.trigger(&edge))?),
            (None, Some(scope)) => Exercise::Starts(scope),
            (None, None) => {
                let mut signals = Vec::new();
                signals_of(&expr, &mut signals);
                for signal in &signals {
                    self.compiler.follow_signal(*signal);
                }
                Exercise::Known(signals.iter().map(|signal| signal.0).collect())
            }
        };
        let whole = both(expr, scope_expr);
        let watch = self.at("never", |compiler| compiler.follow(&whole))?;
        Ok(Pattern::Never(Never::new(watch, longest, exercise, self.words("never"))))
    }

    fn lasts(&mut self) -> Read<Pattern> {
        let watch = self.followed("lasts")?;
        let (at_least, at_most) = (self.optional_length("at_least")?, self.optional_length("at_most")?);
        let unless_then = self.optional_watch("unless_then")?;
        Ok(Pattern::Lasts(Lasts::new(watch, at_least, at_most, unless_then, self.words("lasts"))))
    }

    fn responds(&mut self) -> Read<Pattern> {
        let when = self.trigger("when")?;
        let then = self.answer("then")?;
        let within = match self.content("within").cloned() {
            Some(Entry { value: Content::List(list), .. }) => {
                let [from, within] = list.as_slice() else {
                    let hint = Some("write \"3s\" or [\"2s\", \"3s\"]".to_owned());
                    let error = ParseError::with_hint("wanted one time or two", hint);
                    return Err(self.error("within", error));
                };
                (Some(self.length_of("within", from)?), self.length_of("within", within)?)
            }
            Some(_) | None => (None, self.length("within")?),
        };
        let unless = self.optional_followed("unless")?;
        Ok(Pattern::Responds(Responds::new(when, then, within, unless, self.texts("when", "then"))))
    }

    fn held(&mut self) -> Read<Pattern> {
        let edge = self.trigger("at")?;
        let expr = self.required("held", expr::parse)?;
        let watch = self.at("held", |compiler| compiler.watch(&expr))?;
        let span = self.length("for")?;
        let never = expr == Expr::Constant(false);
        Ok(Pattern::Held(Held::new(edge, watch, span, never, self.texts("at", "held"))))
    }

    fn seen(&mut self) -> Read<Pattern> {
        let edge = self.trigger("at")?;
        let seen = self.answer("seen")?;
        let within = self.length("within")?;
        Ok(Pattern::Seen(Seen::new(edge, seen, within, self.texts("at", "seen"))))
    }

    fn value(&mut self) -> Read<Pattern> {
        let edge = self.trigger("at")?;
        let (signal, domain) = self.signal("value")?;
        if !matches!(domain, Domain::Number | Domain::Event) {
            return Err(self.error("value", ParseError::new("wanted a number signal or an event")));
        }
        let signal = self.compiler.sample(signal);
        let texts = self.texts("at", "value");
        if self.content("unit").is_none() {
            let bounds = (self.optional_number("min")?, self.optional_number("max")?);
            return Ok(Pattern::Value(Value::new(edge, signal, bounds, texts)));
        }
        if self.text("unit") != "ms" {
            return Err(self.error("unit", ParseError::new("a signal that is a time is in \"ms\"")));
        }
        let bounds = (self.constant("min")?, self.constant("max")?);
        Ok(Pattern::Value(Value::new(edge, signal, bounds, texts).in_ms()))
    }

    fn steps(&mut self) -> Read<Pattern> {
        let signal = self.number_signal("steps")?;
        let signal = self.compiler.follow_signal(signal);
        let by = self.number("by")?;
        let every = self.length("every")?;
        let last = self.optional_number("last")?;
        let unless = self.optional_watch("unless")?;
        Ok(Pattern::Steps(Steps::new(signal, (by, every, last), unless, self.words("steps"))))
    }

    fn counts_to(&mut self) -> Read<Pattern> {
        let edge = self.trigger("counts_to")?;
        let counter = self.number_signal("counter")?;
        let counter = self.compiler.follow_signal(counter);
        let unless = self.optional_followed("unless")?;
        Ok(Pattern::CountsTo(CountsTo::new(edge, counter, unless, self.texts("counts_to", "counter"))))
    }

    fn transitions(&mut self) -> Read<Pattern> {
        let (signal, domain) = self.signal("transitions")?;
        let names: &'static [&'static str] = match domain {
            Domain::Names(names) => names,
            Domain::Flag => &["false", "true"],
            Domain::Number | Domain::Event => {
                return Err(self.error("transitions", ParseError::new("wanted a signal with names")));
            }
        };
        let Some(Entry { value: Content::List(ways), .. }) = self.content("allow") else {
            return Err(self.error("allow", ParseError::new("wanted a list such as [\"R>G\", \"*>OFF\"]")));
        };
        let mut allowed = vec![0; names.len()];
        for way in ways.clone() {
            let (from, to) = way.split_once('>').unwrap_or((way.as_str(), ""));
            let (from, to) = (self.places(from.trim(), names)?, self.places(to.trim(), names)?);
            allowed
                .iter_mut()
                .enumerate()
                .filter(|(at, _)| from & (1 << at) != 0)
                .for_each(|(_, ways)| *ways |= to);
        }
        let signal = self.compiler.follow_signal(signal);
        let text = self.words("transitions");
        Ok(Pattern::Transitions(Transitions::new(signal, names, allowed.into_boxed_slice(), text)))
    }

    fn places(&self, name: &str, names: &[&str]) -> Read<u64> {
        if name == "*" {
            return Ok((1 << names.len()) - 1);
        }
        let place = names.iter().position(|known| *known == name).ok_or_else(|| {
            let hint = closest(name, names.iter().copied()).map_or_else(
                || format!("it has {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            self.error("allow", ParseError::with_hint(format!("unknown name `{name}`"), Some(hint)))
        })?;
        Ok(1 << place)
    }

    fn every(&mut self) -> Read<Pattern> {
        let edge = self.trigger("every")?;
        let (at_least, at_most) = (self.optional_length("at_least")?, self.optional_length("at_most")?);
        Ok(Pattern::Every(Every::new(edge, at_least, at_most, self.words("every"))))
    }

    fn agree(&mut self, scope_expr: Option<Expr>) -> Read<Pattern> {
        let Some(Entry { value: Content::List(names), .. }) = self.content("agree").cloned() else {
            return Err(self.error("agree", ParseError::new("wanted [\"SIGNAL\", \"SIGNAL\"]")));
        };
        let [first, second] = names.as_slice() else {
            return Err(self.error("agree", ParseError::new("wanted two signals")));
        };
        let text = match self.content("says") {
            Some(_) => self.text("says"),
            None => format!("{first} and {second} differ"),
        };
        let (first, kind) = self.signal_named("agree", first)?;
        let (second, other) = self.signal_named("agree", second)?;
        if kind != other || kind == Domain::Event {
            return Err(self.error("agree", ParseError::new("the two signals cannot be compared")));
        }
        let offset = self.optional_number("offset")?.unwrap_or(0);
        let both_shown = matches!(self.content("both_shown"), Some(Entry { value: Content::Flag(true), .. }));
        let expr = both(Expr::Disagree { first, second, offset, both_shown }, scope_expr);
        let watch = self.at("agree", |compiler| compiler.follow(&expr))?;
        let first = self.compiler.follow_signal(first);
        Ok(Pattern::Agree(Agree::new(first, watch, self.length("within")?, text)))
    }

    fn share(&mut self) -> Read<Pattern> {
        let watch = self.followed("share")?;
        let window = self.length("window")?;
        let thousandths = self.number("at_least")?;
        if !(0..=1_000).contains(&thousandths) {
            let message = format!("{thousandths} is not in 0 to 1000 thousandths");
            return Err(self.error("at_least", ParseError::new(message)));
        }
        Ok(Pattern::Share(Share::new(watch, window, thousandths as u64, self.words("share"))))
    }

    fn tolerance(&mut self) -> Read<u64> {
        if self.check.entry("tolerance").is_none() {
            let tolerance = self.compiler.scope.limits.time("edge_tolerance");
            return Ok(tolerance.map_or(0, emulators::time::Span::as_us));
        }
        match self.length("tolerance")? {
            Length::Constant(us) => Ok(us),
            Length::Plus(_)
            | Length::Minus(_)
            | Length::Times(..)
            | Length::Max(_)
            | Length::Min(_)
            | Length::Left(..)
            | Length::Signal(_) => {
                Err(self.error("tolerance", ParseError::new("a tolerance must not depend on signals")))
            }
        }
    }

    // Reading keys.

    fn content(&self, key: &str) -> Option<&Entry> {
        self.check.entry(key)
    }

    fn error(&self, key: &str, error: ParseError) -> PropertyError {
        let line = self.content(key).map_or(self.check.line, |entry| entry.line);
        let (file, key) = (self.property.file.clone(), key.to_owned());
        PropertyError { file, line, key, message: error.message, hint: error.hint }
    }

    fn at<T>(&mut self, key: &str, read: impl FnOnce(&mut Compiler<'_>) -> Result<T, ParseError>) -> Read<T> {
        read(self.compiler).map_err(|error| self.error(key, error))
    }

    /// The text of a key; a number stands for itself.
    fn text(&self, key: &str) -> String {
        match self.content(key).map(|entry| &entry.value) {
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Number(number)) => number.to_string(),
            Some(Content::Flag(_) | Content::List(_)) | None => String::new(),
        }
    }

    /// What a violation is told with: the words of `says`, or the check itself.
    fn words(&self, key: &str) -> String {
        if self.content("says").is_some() { self.text("says") } else { self.text(key) }
    }

    /// The same for checks of two parts; where there are words there is no second text.
    fn texts(&self, first: &str, second: &str) -> [String; 2] {
        if self.content("says").is_some() {
            return [self.text("says"), String::new()];
        }
        [self.text(first), self.text(second)]
    }

    fn written(&self, key: &str) -> Read<Option<String>> {
        match self.content(key).map(|entry| &entry.value) {
            None => Ok(None),
            Some(Content::Text(_) | Content::Number(_)) => Ok(Some(self.text(key))),
            Some(Content::Flag(_) | Content::List(_)) => {
                Err(self.error(key, ParseError::new("wanted a text")))
            }
        }
    }

    fn optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str, super::parse::Scope<'_>) -> Result<T, ParseError>,
    ) -> Read<Option<T>> {
        let Some(text) = self.written(key)? else { return Ok(None) };
        parse(&text, self.compiler.scope).map(Some).map_err(|error| self.error(key, error))
    }

    fn required<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&str, super::parse::Scope<'_>) -> Result<T, ParseError>,
    ) -> Read<T> {
        let found = self.optional(key, parse)?;
        found.ok_or_else(|| self.error(key, ParseError::new("is missing")))
    }

    fn followed(&mut self, key: &str) -> Read<u32> {
        let expr = self.required(key, expr::parse)?;
        self.at(key, |compiler| compiler.follow(&expr))
    }

    fn optional_followed(&mut self, key: &str) -> Read<Option<u32>> {
        let expr = self.optional(key, expr::parse)?;
        expr.map(|expr| self.at(key, |compiler| compiler.follow(&expr))).transpose()
    }

    fn optional_watch(&mut self, key: &str) -> Read<Option<u32>> {
        let expr = self.optional(key, expr::parse)?;
        expr.map(|expr| self.at(key, |compiler| compiler.watch(&expr))).transpose()
    }

    fn trigger(&mut self, key: &str) -> Read<Trigger> {
        let edge = self.required(key, edge::parse)?;
        self.at(key, |compiler| compiler.trigger(&edge))
    }

    fn answer(&mut self, key: &str) -> Read<Answer> {
        let found = self.required(key, edge::parse_either)?;
        self.at(key, |compiler| compiler.answer(&found))
    }

    fn length(&mut self, key: &str) -> Read<Length> {
        let bound = self.required(key, bound::parse)?;
        self.at(key, |compiler| compiler.length(&bound))
    }

    fn length_of(&mut self, key: &str, text: &str) -> Read<Length> {
        let bound = bound::parse(text, self.compiler.scope).map_err(|error| self.error(key, error))?;
        self.at(key, |compiler| compiler.length(&bound))
    }

    fn optional_length(&mut self, key: &str) -> Read<Option<Length>> {
        if self.content(key).is_none() { Ok(None) } else { self.length(key).map(Some) }
    }

    /// A time that depends on no signal, in µs.
    fn constant(&mut self, key: &str) -> Read<Option<i64>> {
        match self.optional_length(key)? {
            None => Ok(None),
            Some(Length::Constant(us)) => Ok(Some(i64::try_from(us).unwrap_or(i64::MAX))),
            Some(_depends) => Err(self.error(key, ParseError::new("the time must not depend on signals"))),
        }
    }

    fn number(&mut self, key: &str) -> Read<i64> {
        self.required(key, bound::parse_number)
    }

    fn optional_number(&mut self, key: &str) -> Read<Option<i64>> {
        self.optional(key, bound::parse_number)
    }

    fn signal(&mut self, key: &str) -> Read<(SignalId, Domain)> {
        let name = self.text(key);
        self.signal_named(key, &name)
    }

    fn signal_named(&mut self, key: &str, name: &str) -> Read<(SignalId, Domain)> {
        let vocabulary = self.compiler.scope.vocabulary;
        vocabulary.find(name).ok_or_else(|| {
            let known = (0..vocabulary.len()).map(|place| vocabulary.get(SignalId(place as u16)).0);
            self.error(key, ParseError::unknown("signal", name, known))
        })
    }

    fn number_signal(&mut self, key: &str) -> Read<SignalId> {
        let (signal, domain) = self.signal(key)?;
        if domain == Domain::Number {
            return Ok(signal);
        }
        Err(self.error(key, ParseError::new("wanted a number signal")))
    }
}

fn both(expr: Expr, scope: Option<Expr>) -> Expr {
    match scope {
        Some(scope) => Expr::And(vec![expr, scope]),
        None => expr,
    }
}

fn signals_of(expr: &Expr, found: &mut Vec<SignalId>) {
    match expr {
        Expr::Constant(_) => {}
        Expr::Level(signal, _) | Expr::Nil(signal) | Expr::Number(signal, ..) => found.push(*signal),
        Expr::Not(inner) | Expr::Held(inner, _) | Expr::Recent(inner, _) | Expr::Before(inner) => {
            signals_of(inner, found);
        }
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| signals_of(part, found)),
        Expr::Disagree { first, second, .. } => found.extend([*first, *second]),
    }
}
