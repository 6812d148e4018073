//! Expressions over signals: `VA=G and not (cdP>0 or held(ON, 3s))`. Text to tree; [`super::board`] compiles it.

use emulators::time::Span;

use super::parse::{Cursor, ParseError, Scope, Token};
use super::signal::{Domain, SignalId};

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// A statement about signals that is true or false at every instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Expr {
    Constant(bool),
    /// The level is one of these (bit per level). A flag has the levels 0 and 1.
    Level(SignalId, u64),
    /// The signal has no value.
    Nil(SignalId),
    /// The number compares so; nil compares false.
    Number(SignalId, Relation, i64),
    Not(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// True without a break for at least this long.
    Held(Box<Expr>, Span),
    /// True now or within the last this long, closed.
    Recent(Box<Expr>, Span),
    /// As it was just before the change; only beside an edge.
    Before(Box<Expr>),
    /// The two signals disagree: numbers that differ by something else than the offset, levels that differ.
    /// `both_shown`: a missing value is no disagreement.
    Disagree {
        first: SignalId,
        second: SignalId,
        offset: i64,
        both_shown: bool,
    },
}

/// Reads a whole text as an expression.
pub(super) fn parse(text: &str, scope: Scope<'_>) -> Result<Expr, ParseError> {
    let mut cursor = Cursor::new(text, scope)?;
    let expr = cursor.expression()?;
    cursor.end()?;
    Ok(expr)
}

impl Cursor<'_> {
    /// `e or e`, `e and e`, `not e`, atoms, in rising order of binding.
    pub(super) fn expression(&mut self) -> Result<Expr, ParseError> {
        self.deeper()?;
        let mut parts = vec![self.conjunction()?];
        while self.take("or") {
            parts.push(self.conjunction()?);
        }
        self.shallower();
        Ok(single(parts, Expr::Or))
    }

    pub(super) fn conjunction(&mut self) -> Result<Expr, ParseError> {
        let mut parts = vec![self.negation()?];
        while self.take("and") {
            parts.push(self.negation()?);
        }
        Ok(single(parts, Expr::And))
    }

    fn negation(&mut self) -> Result<Expr, ParseError> {
        if !self.take("not") {
            return self.atom();
        }
        self.deeper()?;
        let inner = self.negation()?;
        self.shallower();
        Ok(Expr::Not(Box::new(inner)))
    }

    fn atom(&mut self) -> Result<Expr, ParseError> {
        if self.take("(") {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok(inner);
        }
        for (word, make) in [("held", Expr::Held as fn(Box<Expr>, Span) -> Expr), ("recent", Expr::Recent)] {
            if self.take_call(word) {
                let inner = self.expression()?;
                self.expect(",")?;
                let bound = self.bound()?;
                self.expect(")")?;
                let span = bound.constant().ok_or_else(|| {
                    ParseError::new(format!("the time in `{word}(…)` must not depend on signals"))
                })?;
                return Ok(make(Box::new(inner), Span::from_us(span)));
            }
        }
        if self.take_call("before") {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok(Expr::Before(Box::new(inner)));
        }
        if self.take("true") {
            return Ok(Expr::Constant(true));
        }
        if self.take("false") {
            return Ok(Expr::Constant(false));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, ParseError> {
        let (name, signal, domain) = self.signal()?;
        let flag = || Expr::Level(signal, 0b10);
        if self.take("in") {
            return self.set(&name, signal, domain);
        }
        let sign = ["!=", "<=", ">=", "=", "<", ">"].into_iter().find(|sign| self.take(sign));
        let Some(sign) = sign else {
            return match domain {
                Domain::Flag => Ok(flag()),
                Domain::Names(_) | Domain::Number => {
                    Err(self.wanted(&format!("a comparison after `{name}`")))
                }
                Domain::Event => Err(ParseError::with_hint(
                    format!("`{name}` is an event, not a state"),
                    Some(format!("write at({name}) where an edge is wanted")),
                )),
            };
        };
        let equal = if self.take("nil") {
            Expr::Nil(signal)
        } else {
            match domain {
                Domain::Names(names) => Expr::Level(signal, self.level(&name, names)?),
                Domain::Flag => Expr::Level(signal, self.level(&name, &["false", "true"])?),
                Domain::Number => return Ok(number_relation(signal, sign, self.number()?)),
                Domain::Event => return Err(ParseError::new(format!("`{name}` is an event, not a state"))),
            }
        };
        match sign {
            "=" => Ok(equal),
            "!=" => Ok(Expr::Not(Box::new(equal))),
            _other => Err(ParseError::new(format!("`{name}` has no order: only = and != compare it"))),
        }
    }

    fn set(&mut self, name: &str, signal: SignalId, domain: Domain) -> Result<Expr, ParseError> {
        self.expect("{")?;
        let mut parts = Vec::new();
        let mut levels = 0;
        loop {
            let nil = self.take("nil");
            if nil {
                parts.push(Expr::Nil(signal));
            }
            match domain {
                Domain::Names(_) | Domain::Number if nil => {}
                Domain::Names(names) => levels |= self.level(name, names)?,
                Domain::Number => {
                    let number = self.number()?;
                    parts.push(Expr::Number(signal, Relation::Equal, number));
                }
                Domain::Flag | Domain::Event => {
                    return Err(ParseError::new(format!("`{name}` has no names")));
                }
            }
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        if levels != 0 {
            parts.push(Expr::Level(signal, levels));
        }
        Ok(single(parts, Expr::Or))
    }

    fn level(&mut self, signal: &str, names: &[&str]) -> Result<u64, ParseError> {
        let Some(Token::Word(word)) = self.peek().cloned() else {
            return Err(self.wanted(&format!("a name of `{signal}`")));
        };
        let Some(level) = names.iter().position(|name| *name == word) else {
            let mut error = ParseError::unknown(&format!("name of `{signal}`"), &word, names.iter().copied());
            error.hint = error.hint.or_else(|| Some(format!("it has {}", names.join(", "))));
            return Err(error);
        };
        self.next();
        Ok(1 << level)
    }

    /// A signal's name.
    pub(super) fn signal(&mut self) -> Result<(String, SignalId, Domain), ParseError> {
        let Some(Token::Word(name)) = self.peek().cloned() else {
            return Err(self.wanted("a signal"));
        };
        let Some((signal, domain)) = self.scope.vocabulary.find(&name) else {
            let vocabulary = self.scope.vocabulary;
            let known = (0..vocabulary.len()).map(|place| vocabulary.get(SignalId(place as u16)).0);
            return Err(ParseError::unknown("signal", &name, known));
        };
        self.next();
        Ok((name, signal, domain))
    }
}

fn number_relation(signal: SignalId, sign: &str, number: i64) -> Expr {
    let relation = match sign {
        "<" => Relation::Less,
        "<=" => Relation::LessOrEqual,
        ">=" => Relation::GreaterOrEqual,
        ">" => Relation::Greater,
        _equal_or_not => Relation::Equal,
    };
    let expr = Expr::Number(signal, relation, number);
    if sign == "!=" { Expr::Not(Box::new(expr)) } else { expr }
}

fn single(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}
