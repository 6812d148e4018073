//! The patterns, each a search through all points.

use super::{Naive, Said, Truth};
use crate::monitor::edge::{self, EdgeOrExpr};
use crate::monitor::expr::Expr;
use crate::monitor::property::Shape;
use crate::monitor::signal::{Domain, Value};

impl Naive<'_> {
    pub(in crate::monitor) fn said(&self) -> Said {
        let mut said = Said::default();
        match self.check.shape {
            Shape::Never => self.never(&mut said),
            Shape::Lasts => self.lasts(&mut said),
            Shape::Responds => self.responds(&mut said),
            Shape::Held => self.held(&mut said),
            Shape::Seen => self.seen(&mut said),
            Shape::Value => self.value_at(&mut said),
            Shape::Steps => self.steps(&mut said),
            Shape::CountsTo => self.counts_to(&mut said),
            Shape::Transitions => self.transitions(&mut said),
            Shape::Every => self.every(&mut said),
            Shape::Agree => self.agree(&mut said),
            Shape::Share => self.share(&mut said),
        }
        said
    }

    fn never(&self, said: &mut Said) {
        let scope = self.within_scope();
        let mut bad = self.state("never").expect("given");
        bad.at.iter_mut().zip(&scope.at).for_each(|(bad, scope)| *bad &= scope);
        let given = self.check.entry("tolerance").is_some();
        let bounded = self.text("longer_than").is_some() || given;
        self.too_long(&bad, bounded.then_some("longer_than"), said);
        said.triggers = if let Some(edges) = self.edges("triggers") {
            (0..self.points()).filter(|p| edges[*p] && scope.at[*p]).count() as i64
        } else if self.text("while").is_some() {
            scope.runs().len() as i64
        } else {
            1
        };
    }

    fn too_long(&self, bad: &Truth, bound: Option<&str>, said: &mut Said) {
        for (start, end) in bad.runs() {
            let length = end.map_or(self.end(), |end| self.time(end)) - self.time(start);
            let Some(key) = bound else {
                said.violate(self.time(start));
                said.margin(-length.max(1));
                continue;
            };
            let most = self.length(key, start).unwrap_or(0) + self.tolerance();
            let over = if end.is_some() { length > most } else { length >= most };
            if over {
                said.violate(self.time(start) + most);
                said.margin(most - length);
            } else if end.is_none() {
                said.open(most - length);
            } else if length > 0 {
                said.margin(most - length);
            }
        }
    }

    /// Whether an interval that begins at `start` began before anybody could have seen it begin.
    fn unknown_start(&self, start: usize, key: &str, truth: &Truth) -> bool {
        start == 0 && (truth.before || self.reads_levels(&self.expr(key).expect("given")))
    }

    fn reads_levels(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Level(..) => true,
            Expr::Nil(signal) => {
                matches!(self.scope.vocabulary.get(*signal).1, Domain::Names(_) | Domain::Flag)
            }
            Expr::Not(inner) | Expr::Before(inner) => self.reads_levels(inner),
            Expr::And(parts) | Expr::Or(parts) => parts.iter().any(|part| self.reads_levels(part)),
            Expr::Constant(_)
            | Expr::Number(..)
            | Expr::Held(..)
            | Expr::Recent(..)
            | Expr::Disagree { .. } => false,
        }
    }

    fn lasts(&self, said: &mut Said) {
        let (scope, truth) = (self.within_scope(), self.state("lasts").expect("given"));
        let unless = self.state("unless_then");
        let tolerance = self.tolerance();
        for (start, end) in truth.runs() {
            let unknown = self.unknown_start(start, "lasts", &truth);
            let least = self.length("at_least", start).filter(|_| !unknown).map(|us| (us - tolerance).max(0));
            let most = self.length("at_most", start).map(|us| us + tolerance);
            let last = end.unwrap_or(self.points() - 1);
            let kept = |to: usize| (start..=to).all(|p| scope.at[p]);
            if least.is_none() && most.is_none() || !scope.at[start] {
                continue;
            }
            let length = self.time(last) - self.time(start);
            let deadline = most.and_then(|most| self.last_point(self.time(start) + most));
            let over = deadline.is_some_and(|point| end.is_none_or(|end| end > point) && kept(point));
            if over {
                said.triggers += 1;
                said.violate(self.time(start) + most.expect("over"));
                if kept(last) {
                    said.margin(most.expect("over") - length);
                }
                continue;
            }
            if !kept(last) {
                continue;
            }
            let Some(end) = end else {
                said.triggers += 1;
                match (most, least) {
                    (Some(most), _) => said.open(most - length),
                    (None, Some(least)) if least > length => said.open(least - length),
                    (None, _) => {}
                }
                continue;
            };
            if length == 0 || unless.as_ref().is_some_and(|unless| unless.at[end]) {
                continue;
            }
            said.triggers += 1;
            let margins = [least.map(|least| length - least), most.map(|most| most - length)];
            said.judge(margins.into_iter().flatten().min().expect("one is given"), self.time(end));
        }
    }

    fn responds(&self, said: &mut Said) {
        let (scope, when) = (self.within_scope(), self.edges("when").expect("given"));
        let unless = self.state("unless");
        let then = edge::parse_either(&self.text("then").expect("given"), self.scope).expect("parses");
        let (state, edges) = match &then {
            EdgeOrExpr::Expr(expr) => (Some(self.truth(expr)), None),
            EdgeOrExpr::Edge(edge) => (None, Some(self.edge(edge))),
        };
        let tolerance = self.tolerance();
        let both = self.list("within");
        for p in (0..self.points()).filter(|p| when[*p] && scope.at[*p]) {
            let start = self.time(p);
            let times = match &both {
                Some(both) => (self.length_of(&both[0], p), self.length_of(&both[1], p)),
                None => (Some(0), self.length("within", p)),
            };
            let (Some(from), Some(within)) = times else { continue };
            let (from, within) = ((from - tolerance).max(0), within + tolerance);
            let mut late = false;
            let mut settled = false;
            for q in p..self.points() {
                let delay = self.time(q) - start;
                let answer = if let Some(state) = &state {
                    let since = self.time(state.start(q)).max(start + from) - start;
                    (state.at[q] && delay >= from).then(|| (within - since, start + since))
                } else {
                    let happens = edges.as_ref().is_some_and(|edges| edges[q]) && delay >= from;
                    let early = if from > 0 { delay - from } else { i64::MAX };
                    happens.then(|| ((within - delay).min(early), self.time(q)))
                };
                let discharged = unless.as_ref().is_some_and(|unless| unless.at[q]) || !scope.at[q];
                if let Some((margin, at)) = answer {
                    said.triggers += i64::from(!late);
                    if late {
                        said.margin(margin);
                    } else {
                        said.judge(margin, at);
                    }
                    settled = true;
                } else if discharged {
                    if late {
                        said.margin(within - delay);
                    }
                    settled = true;
                }
                if settled {
                    break;
                }
                if !late && delay >= within && q % 2 == 1 {
                    late = true;
                    said.triggers += 1;
                    said.violate(start + within);
                }
            }
            if !settled {
                if late {
                    said.margin(within - (self.end() - start));
                } else {
                    said.triggers += 1;
                    said.open(within - (self.end() - start));
                }
            }
        }
    }

    fn held(&self, said: &mut Said) {
        let (scope, edges) = (self.within_scope(), self.edges("at").expect("given"));
        let truth = self.state("held").expect("given");
        for p in (0..self.points()).filter(|p| edges[*p] && scope.at[*p]) {
            let Some(span) = self.length("for", p) else { continue };
            let span = (span - self.tolerance()).max(0);
            if !truth.at[p] {
                said.triggers += 1;
                said.judge(-span.max(1), self.time(p));
                continue;
            }
            let start = truth.start(p);
            let held = self.time(p) - self.time(start);
            if self.unknown_start(start, "held", &truth) && held < span {
                continue;
            }
            said.triggers += 1;
            said.judge(held - span, self.time(p));
        }
    }

    fn seen(&self, said: &mut Said) {
        let (scope, edges) = (self.within_scope(), self.edges("at").expect("given"));
        let seen = edge::parse_either(&self.text("seen").expect("given"), self.scope).expect("parses");
        for p in (0..self.points()).filter(|p| edges[*p] && scope.at[*p]) {
            let Some(within) = self.length("within", p).map(|us| us + self.tolerance()) else { continue };
            let last = match &seen {
                EdgeOrExpr::Expr(expr) => {
                    let truth = self.truth(expr);
                    (0..=p).rev().find(|q| truth.at[*q]).map(|q| self.time(if q == p { q } else { q + 1 }))
                }
                EdgeOrExpr::Edge(edge) => {
                    let happens = self.edge(edge);
                    (0..=p).rev().find(|q| happens[*q]).map(|q| self.time(q))
                }
            };
            let ago = self.time(p) - last.unwrap_or(0);
            if last.is_none() && ago <= within {
                continue;
            }
            said.triggers += 1;
            said.judge(within - ago, self.time(p));
        }
    }

    fn value_at(&self, said: &mut Said) {
        let (scope, edges) = (self.within_scope(), self.edges("at").expect("given"));
        let (signal, domain) = self.signal("value");
        for p in (0..self.points()).filter(|p| edges[*p] && scope.at[*p]) {
            said.triggers += 1;
            let value = if domain == Domain::Event {
                self.grid.events[signal.0 as usize][p / 2]
            } else if let Value::Number(value) = self.value(signal, Some(p)) {
                Some(value)
            } else {
                said.violate(self.time(p));
                None
            };
            let Some(value) = value else { continue };
            let margins =
                [self.number("min").map(|min| value - min), self.number("max").map(|max| max - value)];
            said.judge(margins.into_iter().flatten().min().expect("one is given"), self.time(p));
        }
    }

    fn steps(&self, said: &mut Said) {
        let (scope, unless) = (self.within_scope(), self.state("unless"));
        let (signal, _) = self.signal("steps");
        let (by, last) = (self.number("by").expect("given"), self.number("last"));
        let changes: Vec<usize> = (0..self.points())
            .filter(|p| self.value(signal, Some(*p)) != self.value(signal, p.checked_sub(1)))
            .collect();
        for (place, &p) in changes.iter().enumerate() {
            let Value::Number(shown) = self.value(signal, Some(p)) else { continue };
            let next = changes.get(place + 1).copied();
            let Some(every) = self.length("every", p) else { continue };
            let kept = |to: usize| (p..=to).all(|q| scope.at[q]);
            if last == Some(shown) || !scope.at[p] {
                continue;
            }
            let latest = every + self.tolerance();
            let deadline = self.last_point(self.time(p) + latest);
            let due = deadline.filter(|point| next.is_none_or(|next| next > *point) && kept(*point));
            let mut late = false;
            if let Some(point) = due {
                if unless.as_ref().is_some_and(|unless| unless.at[point]) {
                    continue;
                }
                late = true;
                said.triggers += 1;
                said.violate(self.time(p) + latest);
            }
            let Some(next) = next else {
                if kept(self.points() - 1) {
                    let left = latest - (self.end() - self.time(p));
                    if late { said.margin(left) } else { said.open(left) }
                }
                continue;
            };
            if !kept(next) || unless.as_ref().is_some_and(|unless| unless.at[next]) {
                continue;
            }
            match self.value(signal, Some(next)) {
                Value::Number(value) => {
                    said.triggers += i64::from(!late);
                    let margin = self.tolerance() - (self.time(next) - self.time(p) - every).abs();
                    if value != shown + by {
                        said.violate(self.time(next));
                    } else if late {
                        said.margin(margin);
                    } else {
                        said.judge(margin, self.time(next));
                    }
                }
                Value::Nil | Value::Level(_) => {
                    if last.is_some() {
                        said.triggers += 1;
                        said.violate(self.time(next));
                    }
                }
            }
        }
    }

    fn counts_to(&self, said: &mut Said) {
        let (scope, unless) = (self.within_scope(), self.state("unless"));
        let edges = self.edges("counts_to").expect("given");
        let (signal, _) = self.signal("counter");
        let tolerance = self.tolerance();
        for p in 0..self.points() {
            let Value::Number(shown) = self.value(signal, Some(p)) else { continue };
            if self.value(signal, p.checked_sub(1)) == Value::Number(shown) || !scope.at[p] || shown < 0 {
                continue;
            }
            let target = self.time(p) + shown * 1_000_000;
            let before = (0..=p).rev().find(|q| edges[*q]).map(|q| self.time(q));
            if let Some(before) = before.filter(|at| shown == 0 && at + tolerance >= self.time(p)) {
                said.triggers += 1;
                said.judge(tolerance - (before - target).abs(), before);
                continue;
            }
            let mut late = false;
            let mut settled = false;
            for (q, edge) in edges.iter().enumerate().skip(p) {
                if q > p && *edge {
                    let margin = tolerance - (self.time(q) - target).abs();
                    said.triggers += i64::from(!late);
                    if late {
                        said.margin(margin);
                    } else {
                        said.judge(margin, self.time(q));
                    }
                    settled = true;
                } else if unless.as_ref().is_some_and(|unless| unless.at[q]) || !scope.at[q] {
                    settled = true;
                }
                if settled {
                    break;
                }
                if !late && self.time(q) >= target + tolerance && q % 2 == 1 {
                    late = true;
                    said.triggers += 1;
                    said.violate(target + tolerance);
                }
            }
            let left = target + tolerance - self.end();
            if !settled && late {
                said.margin(left);
            } else if !settled {
                said.triggers += 1;
                said.open(left);
            }
        }
    }

    fn transitions(&self, said: &mut Said) {
        let scope = self.within_scope();
        let (signal, domain) = self.signal("transitions");
        let Domain::Names(names) = domain else { return };
        let ways = self.list("allow").expect("given");
        for p in 1..self.points() {
            let (Value::Level(from), Value::Level(to)) =
                (self.value(signal, Some(p - 1)), self.value(signal, Some(p)))
            else {
                continue;
            };
            if from == to || !scope.at[p] || !scope.at[p - 1] {
                continue;
            }
            said.triggers += 1;
            let (from, to) = (names[from as usize], names[to as usize]);
            let fits = |way: &String| {
                let (a, b) = way.split_once('>').expect("a way");
                (a == "*" || a == from) && (b == "*" || b == to)
            };
            if !ways.iter().any(fits) {
                said.violate(self.time(p));
            }
        }
    }

    fn every(&self, said: &mut Said) {
        let (scope, edges) = (self.within_scope(), self.edges("every").expect("given"));
        let places: Vec<usize> = (0..self.points()).filter(|p| edges[*p] && scope.at[*p]).collect();
        let mut open = None;
        for (place, &p) in places.iter().enumerate() {
            let next = places.get(place + 1).copied();
            let least = self.length("at_least", p).map(|us| (us - self.tolerance()).max(0));
            let most = self.length("at_most", p).map(|us| us + self.tolerance());
            let kept = |to: usize| (p..=to).all(|q| scope.at[q]);
            let deadline = most.and_then(|most| self.last_point(self.time(p) + most));
            let over = deadline.is_some_and(|point| next.is_none_or(|next| next > point) && kept(point));
            if over {
                said.triggers += 1;
                said.violate(self.time(p) + most.expect("over"));
            }
            let last = next.unwrap_or(self.points() - 1);
            if !kept(last) {
                continue;
            }
            let gap = self.time(last) - self.time(p);
            let margins = [least.map(|least| gap - least), most.map(|most| most - gap)];
            if next.is_some() {
                let margin = margins.into_iter().flatten().min().expect("one is given");
                if over {
                    said.margin(margin);
                } else {
                    said.triggers += 1;
                    said.judge(margin, self.time(last));
                }
            } else if let Some(most) = most {
                if over { said.margin(most - gap) } else { open = Some(most - gap) }
            }
        }
        if let Some(left) = open.filter(|_| said.triggers == 0) {
            said.open(left);
        }
    }

    fn agree(&self, said: &mut Said) {
        let scope = self.within_scope();
        let names = self.list("agree").expect("given");
        let [first, second] = [0, 1].map(|place| self.scope.vocabulary.find(&names[place]).expect("known").0);
        let both_shown = self.check.entry("both_shown").is_some();
        let offset = self.number("offset").unwrap_or(0);
        let mut bad = self.truth(&Expr::Disagree { first, second, offset, both_shown });
        bad.at.iter_mut().zip(&scope.at).for_each(|(bad, scope)| *bad &= scope);
        self.too_long(&bad, Some("within"), said);
        let shows = |p: usize| {
            let value = self.value(first, Some(p));
            value != self.value(first, p.checked_sub(1)) && value != Value::Nil && scope.at[p]
        };
        said.triggers = (0..self.points()).filter(|p| shows(*p)).count() as i64;
    }

    fn share(&self, said: &mut Said) {
        let (scope, truth) = (self.within_scope(), self.state("share").expect("given"));
        for (start, end) in scope.runs() {
            let window = self.length("window", start).expect("constant");
            let wanted = window * self.number("at_least").expect("given") / 1_000 - self.tolerance();
            let steps = (window / self.grid.step) as usize;
            let (from, to) = (start / 2, end.unwrap_or(self.points() - 1) / 2);
            let mut short = false;
            for instant in from + steps..=to {
                let full = (instant - steps..instant).filter(|i| truth.at[i * 2 + 1]).count() as i64;
                let margin = full * self.grid.step - wanted.max(0);
                said.margin(margin);
                if margin < 0 && !short {
                    said.violate(instant as i64 * self.grid.step);
                }
                short = margin < 0;
            }
            said.triggers += ((to - from) / steps) as i64;
        }
    }
}
