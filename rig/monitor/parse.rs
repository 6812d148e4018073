//! Words of the property language: tokens, a cursor over them, and errors that name the closest known word.

use std::fmt;

use super::signal::Vocabulary;
use crate::site::Limits;

/// What names in a property's texts may refer to.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) limits: &'a Limits,
}

/// Why a text is no expression, edge or bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ParseError {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl ParseError {
    pub(super) fn new(message: impl Into<String>) -> ParseError {
        ParseError { message: message.into(), hint: None }
    }

    pub(super) fn with_hint(message: impl Into<String>, hint: Option<String>) -> ParseError {
        ParseError { message: message.into(), hint }
    }

    /// `kind` `name` is not known; the hint is the closest of `known`.
    pub(super) fn unknown<'a>(kind: &str, name: &str, known: impl Iterator<Item = &'a str>) -> ParseError {
        let hint = closest(name, known).map(|near| format!("did you mean `{near}`?"));
        ParseError::with_hint(format!("unknown {kind} `{name}`"), hint)
    }
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Limit(String),
    Number(i64),
    /// Whole microseconds.
    Time(u64),
    Sign(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) => write!(f, "`{word}`"),
            Token::Limit(name) => write!(f, "`${name}`"),
            Token::Number(number) => write!(f, "`{number}`"),
            Token::Time(us) => write!(f, "`{us}us`"),
            Token::Sign(sign) => write!(f, "`{sign}`"),
        }
    }
}

const SIGNS: [&str; 16] = ["!=", "<=", ">=", "=", "<", ">", "{", "}", "(", ")", "[", "]", ",", "*", "+", "-"];
const UNITS: [(&str, u64); 6] = [
    ("us", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("min", 60_000_000),
    ("m", 60_000_000),
    ("h", 3_600_000_000),
];

fn split(text: &str, take: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c: char| !take(c)).unwrap_or(text.len()))
}

fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if first.is_ascii_digit() {
            let (digits, after) = split(rest, |c| c.is_ascii_digit());
            let (unit, after) = split(after, |c| c.is_ascii_alphabetic());
            found.push(quantity(digits, unit)?);
            rest = after;
        } else if word(first) {
            let (name, after) = split(rest, word);
            found.push(Token::Word(name.to_owned()));
            rest = after;
        } else if first == '$' {
            let (name, after) = split(&rest[1..], word);
            found.push(Token::Limit(name.to_owned()));
            rest = after;
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '/' {
            found.push(Token::Sign("/"));
            rest = &rest[1..];
        } else {
            return Err(ParseError::new(format!("`{first}` has no meaning here")));
        }
        rest = rest.trim_start();
    }
    Ok(found)
}

fn quantity(digits: &str, unit: &str) -> Result<Token, ParseError> {
    let number: i64 = digits.parse().map_err(|_| ParseError::new(format!("`{digits}` is too large")))?;
    if unit.is_empty() {
        return Ok(Token::Number(number));
    }
    let Some((_, us)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        return Err(ParseError::with_hint(
            format!("unknown unit `{unit}`"),
            Some("units are us, ms, s, min, h; write 2700ms, not 2.7s".to_owned()),
        ));
    };
    Ok(Token::Time((number as u64).saturating_mul(*us)))
}

/// A place in a text.
pub(super) struct Cursor<'a> {
    pub(super) scope: Scope<'a>,
    tokens: Vec<Token>,
    place: usize,
    /// How deep parentheses and operators are nested.
    depth: u32,
}

/// Deeper nesting than this is an error, so that no text can exhaust the stack.
const DEEPEST: u32 = 40;

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &str, scope: Scope<'a>) -> Result<Cursor<'a>, ParseError> {
        Ok(Cursor { scope, tokens: tokens(text)?, place: 0, depth: 0 })
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.place)
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.place).cloned();
        self.place += 1;
        token
    }

    /// Takes the sign or word if it comes next.
    pub(super) fn take(&mut self, what: &str) -> bool {
        let here = match self.peek() {
            Some(Token::Sign(sign)) => *sign == what,
            Some(Token::Word(word)) => word == what,
            Some(Token::Limit(_) | Token::Number(_) | Token::Time(_)) | None => false,
        };
        self.place += usize::from(here);
        here
    }

    /// Whether `word` followed by `(` comes next; takes both if so.
    pub(super) fn take_call(&mut self, word: &str) -> bool {
        let here = matches!(self.peek(), Some(Token::Word(found)) if found == word)
            && self.tokens.get(self.place + 1) == Some(&Token::Sign("("));
        self.place += if here { 2 } else { 0 };
        here
    }

    pub(super) fn expect(&mut self, what: &str) -> Result<(), ParseError> {
        if self.take(what) {
            return Ok(());
        }
        Err(self.wanted(&format!("`{what}`")))
    }

    /// "wanted X, found Y".
    pub(super) fn wanted(&self, what: &str) -> ParseError {
        match self.peek() {
            Some(token) => ParseError::new(format!("wanted {what}, found {token}")),
            None => ParseError::new(format!("wanted {what}, found the end")),
        }
    }

    pub(super) fn end(&self) -> Result<(), ParseError> {
        if self.place >= self.tokens.len() { Ok(()) } else { Err(self.wanted("the end")) }
    }

    pub(super) fn deeper(&mut self) -> Result<(), ParseError> {
        self.depth += 1;
        if self.depth > DEEPEST { Err(ParseError::new("nested too deeply")) } else { Ok(()) }
    }

    pub(super) fn shallower(&mut self) {
        self.depth -= 1;
    }

    /// A whole number, with or without `-`, or a limit that is a number.
    pub(super) fn number(&mut self) -> Result<i64, ParseError> {
        let negative = self.take("-");
        let number = match self.peek() {
            Some(Token::Number(number)) => *number,
            Some(Token::Limit(name)) => limit_number(self.scope.limits, name)?,
            Some(Token::Word(_) | Token::Time(_) | Token::Sign(_)) | None => {
                return Err(self.wanted("a number"));
            }
        };
        self.place += 1;
        Ok(if negative { -number } else { number })
    }
}

fn limit_number(limits: &Limits, name: &str) -> Result<i64, ParseError> {
    if let Some(number) = limits.number(name) {
        return Ok(number);
    }
    if limits.time(name).is_some() {
        return Err(ParseError::new(format!("`${name}` is a time, a number is wanted")));
    }
    Err(unknown_limit(limits, name))
}

pub(super) fn unknown_limit(limits: &Limits, name: &str) -> ParseError {
    ParseError::unknown("limit", name, limits.iter().map(|(known, _)| known))
}

/// The closest of `known` to `name`, if any is close enough to be a slip.
pub(super) fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = name.len() / 3 + 1;
    known
        .map(|word| (distance(name, word), word))
        .min()
        .filter(|(far, _)| *far <= allowed)
        .map(|(_, word)| word)
}

/// Letters to insert, delete or replace to make `b` of `a`; a change of case alone counts nothing.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<u8> = b.to_ascii_lowercase().into_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.to_ascii_lowercase().bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
