//! Bounds: lengths of time that are written as texts and fixed when an obligation starts.

use super::expr::Expr;
use super::parse::{Cursor, ParseError, Scope, Token, unknown_limit};
use super::signal::{Domain, SignalId};
use crate::site::Quantity;

/// A length of time in whole microseconds. Differences stop at zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Constant(u64),
    Plus(Box<Bound>, Box<Bound>),
    Minus(Box<Bound>, Box<Bound>),
    Times(u64, Box<Bound>),
    Max(Box<Bound>, Box<Bound>),
    Min(Box<Bound>, Box<Bound>),
    /// The bound minus the time the expression has been true; 0 if it is longer or not true.
    Left(Expr, Box<Bound>),
    /// A number signal in milliseconds.
    Signal(SignalId),
}

/// Reads a whole text as a bound.
pub(super) fn parse(text: &str, scope: Scope<'_>) -> Result<Bound, ParseError> {
    let mut cursor = Cursor::new(text, scope)?;
    let bound = cursor.bound()?;
    cursor.end()?;
    Ok(bound)
}

/// Reads a whole text as a plain number: `900`, `$count`, `1000*$green_min/($green_min+$yellow)`; a limit that is a
/// time counts in microseconds.
pub(super) fn parse_number(text: &str, scope: Scope<'_>) -> Result<i64, ParseError> {
    let mut cursor = Cursor::new(text, scope)?;
    let number = cursor.sum_of_numbers()?;
    cursor.end()?;
    Ok(number)
}

impl Bound {
    /// Its value if it depends on no signal.
    pub(super) fn constant(&self) -> Option<u64> {
        match self {
            Bound::Constant(us) => Some(*us),
            Bound::Plus(a, b) => Some(a.constant()?.saturating_add(b.constant()?)),
            Bound::Minus(a, b) => Some(a.constant()?.saturating_sub(b.constant()?)),
            Bound::Times(n, a) => Some(a.constant()?.saturating_mul(*n)),
            Bound::Max(a, b) => Some(a.constant()?.max(b.constant()?)),
            Bound::Min(a, b) => Some(a.constant()?.min(b.constant()?)),
            Bound::Left(..) | Bound::Signal(_) => None,
        }
    }
}

impl Cursor<'_> {
    /// A sum of terms.
    pub(super) fn bound(&mut self) -> Result<Bound, ParseError> {
        self.deeper()?;
        let mut bound = self.term()?;
        loop {
            if self.take("+") {
                bound = Bound::Plus(Box::new(bound), Box::new(self.term()?));
            } else if self.take("-") {
                bound = Bound::Minus(Box::new(bound), Box::new(self.term()?));
            } else {
                break;
            }
        }
        self.shallower();
        match bound.constant() {
            // Sums and products stop there: whatever was meant, it was not this.
            Some(u64::MAX) => Err(ParseError::new("longer than can be counted")),
            Some(us) => Ok(Bound::Constant(us)),
            None => Ok(bound),
        }
    }

    fn term(&mut self) -> Result<Bound, ParseError> {
        if let Some(Token::Number(times)) = self.peek().cloned() {
            self.next();
            if times == 0 && !matches!(self.peek(), Some(Token::Sign("*"))) {
                return Ok(Bound::Constant(0));
            }
            self.expect("*").map_err(|_| {
                ParseError::with_hint(
                    format!("`{times}` has no unit"),
                    Some(format!("write {times}s, {times}ms or {times}*$limit")),
                )
            })?;
            return Ok(Bound::Times(times.unsigned_abs(), Box::new(self.factor()?)));
        }
        self.factor()
    }

    fn factor(&mut self) -> Result<Bound, ParseError> {
        if self.take("(") {
            let inner = self.bound()?;
            self.expect(")")?;
            return Ok(inner);
        }
        for (word, make) in [("max", Bound::Max as fn(Box<Bound>, Box<Bound>) -> Bound), ("min", Bound::Min)]
        {
            if self.take_call(word) {
                let first = self.bound()?;
                self.expect(",")?;
                let second = self.bound()?;
                self.expect(")")?;
                return Ok(make(Box::new(first), Box::new(second)));
            }
        }
        if self.take_call("left") {
            let expr = self.expression()?;
            self.expect(",")?;
            let bound = self.bound()?;
            self.expect(")")?;
            return Ok(Bound::Left(expr, Box::new(bound)));
        }
        if self.take_call("signal") {
            let (name, signal, domain) = self.signal()?;
            self.expect(")")?;
            if domain != Domain::Number {
                return Err(ParseError::new(format!("`{name}` is no number of milliseconds")));
            }
            return Ok(Bound::Signal(signal));
        }
        let limits = self.scope.limits;
        let us = match self.peek() {
            Some(Token::Time(us)) => *us,
            Some(Token::Limit(name)) => match limits.get(name) {
                Some(Quantity::Time(span)) => span.as_us(),
                Some(Quantity::Number(_)) => {
                    return Err(ParseError::new(format!("`${name}` is a number, a time is wanted")));
                }
                None => return Err(unknown_limit(limits, name)),
            },
            Some(Token::Word(_) | Token::Number(_) | Token::Sign(_)) | None => {
                return Err(self.wanted("a time such as 3s, 300ms or $limit"));
            }
        };
        self.next();
        Ok(Bound::Constant(us))
    }

    fn sum_of_numbers(&mut self) -> Result<i64, ParseError> {
        self.deeper()?;
        let mut sum = self.product_of_numbers()?;
        loop {
            if self.take("+") {
                sum = sum.saturating_add(self.product_of_numbers()?);
            } else if self.take("-") {
                sum = sum.saturating_sub(self.product_of_numbers()?);
            } else {
                break;
            }
        }
        self.shallower();
        Ok(sum)
    }

    fn product_of_numbers(&mut self) -> Result<i64, ParseError> {
        let mut product = self.plain_number()?;
        loop {
            if self.take("*") {
                product = product.saturating_mul(self.plain_number()?);
            } else if self.take("/") {
                let by = self.plain_number()?;
                product = product.checked_div(by).ok_or_else(|| ParseError::new("division by zero"))?;
            } else {
                return Ok(product);
            }
        }
    }

    fn plain_number(&mut self) -> Result<i64, ParseError> {
        if self.take("(") {
            let inner = self.sum_of_numbers()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let negative = self.take("-");
        let limits = self.scope.limits;
        let number = match self.peek() {
            Some(Token::Number(number)) => *number,
            Some(Token::Time(us)) => (*us).min(i64::MAX as u64) as i64,
            Some(Token::Limit(name)) => match limits.get(name) {
                Some(Quantity::Number(number)) => number,
                Some(Quantity::Time(span)) => span.as_us().min(i64::MAX as u64) as i64,
                None => return Err(unknown_limit(limits, name)),
            },
            Some(Token::Word(_) | Token::Sign(_)) | None => return Err(self.wanted("a number")),
        };
        self.next();
        Ok(if negative { -number } else { number })
    }
}
