//! The score of a post in a ranked feed: whole numbers alone, in thousandths, so that it can be computed again later and
//! comes out the same.
//!
//! `(likes × 0.5 + reposts × 1 + replies × 5 + quotes × 5 + shares × 2) × affinity × age × out of network × diversity`, each
//! count through a logarithm.

use millrace_topics::feeds::{Counts, PostId, Weights};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What one is, in thousandths.
const ONE: i64 = 1000;

/// Posts of more hours are not ranked.
pub const HOURS: u64 = 48;

/// A post counts half as much after so many hours.
const HALVED: usize = 8;

/// What is left after 0 to 7 hours of the half that they begin, in thousandths: 2^(-h/8).
const LEFT: [i64; HALVED] = [1000, 917, 841, 771, 707, 648, 595, 545];

/// What a post of somebody counts whom one does not follow.
const OUT_OF_NETWORK: i64 = 750;

/// What the second, third, … post of an author counts. The last holds for all behind.
const DIVERSITY: [i64; 3] = [1000, 500, 250];

/// A post that may be shown, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The post of the list, which may be a repost.
    pub id: PostId,
    /// The post that is seen.
    pub shows: PostId,
    /// Who wrote that.
    pub author: String,
    /// What was done to it.
    pub counts: Counts,
    /// True if who looks follows its author.
    pub followed: bool,
    /// How often who looks has reacted to, answered or reposted its author.
    pub affinity: u64,
    /// Its age in whole hours.
    pub hours: u64,
}

/// Something that a score is made of. All but `value` is in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = feeds::Factor)]
pub struct Factor {
    /// What it is.
    pub name: &'static str,
    /// What was counted: likes, hours, the place among the author's posts.
    pub value: u64,
    /// What it weighs: of attention it is added, of all others the sum is multiplied by it.
    pub weight: i64,
    /// What that adds to the sum: of attention the weight times log2(1 + value).
    pub points: Option<i64>,
}

/// A candidate with its score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The candidate.
    pub candidate: Candidate,
    /// Its score, in thousandths.
    pub score: i64,
    /// What it is made of.
    pub factors: Vec<Factor>,
}

/// log2(1 + count) in thousandths, linear between powers of two.
#[must_use]
pub fn log2(count: u64) -> i64 {
    let number = u128::from(count) + 1;
    let whole = 127 - number.leading_zeros();
    let rest = ((number - (1 << whole)) * 1000) >> whole;
    i64::from(whole) * ONE + i64::try_from(rest).expect("it is below one")
}

/// What is left of a post's score after so many hours, in thousandths.
#[must_use]
pub fn decay(hours: u64) -> i64 {
    let hours = usize::try_from(hours).unwrap_or(usize::MAX);
    LEFT[hours % HALVED].checked_shr(u32::try_from(hours / HALVED).unwrap_or(u32::MAX)).unwrap_or(0)
}

/// What familiarity counts: one for a stranger, a quarter more each time that it doubles.
fn affinity(count: u64) -> i64 {
    ONE + log2(count) / 4
}

fn times(score: i64, weight: i64) -> i64 {
    let product = i128::from(score) * i128::from(weight) / i128::from(ONE);
    i64::try_from(product).unwrap_or(i64::MAX)
}

/// The score of a candidate as if it were the first of its author.
fn score(candidate: Candidate, weights: &Weights) -> Ranked {
    let counts = candidate.counts;
    let mut factors = Vec::with_capacity(9);
    let mut score: i64 = 0;
    for (name, value, weight) in [
        ("likes", counts.likes, weights.likes),
        ("reposts", counts.reposts, weights.reposts),
        ("replies", counts.replies, weights.replies),
        ("quotes", counts.quotes, weights.quotes),
        ("shares", counts.shares, weights.shares),
    ] {
        let points = times(log2(value), weight.into());
        score = score.saturating_add(points);
        factors.push(Factor { name, value, weight: weight.into(), points: Some(points) });
    }
    let network = if candidate.followed { ONE } else { OUT_OF_NETWORK };
    for (name, value, weight) in [
        ("affinity", candidate.affinity, affinity(candidate.affinity)),
        ("age_hours", candidate.hours, decay(candidate.hours)),
        ("out_of_network", u64::from(!candidate.followed), network),
    ] {
        score = times(score, weight);
        factors.push(Factor { name, value, weight, points: None });
    }
    Ranked { candidate, score, factors }
}

/// Ranks candidates: the highest score first, of equal ones the newest. Who has several of them is shown less of each time.
#[must_use]
pub fn rank(candidates: Vec<Candidate>, weights: &Weights) -> Vec<Ranked> {
    let mut ranked: Vec<Ranked> = candidates.into_iter().map(|candidate| score(candidate, weights)).collect();
    let order = |ranked: &mut Vec<Ranked>| {
        ranked.sort_by_key(|one| std::cmp::Reverse((one.score, one.candidate.id)));
    };
    order(&mut ranked);
    let mut places: BTreeMap<String, u64> = BTreeMap::new();
    for one in &mut ranked {
        let place = places.entry(one.candidate.author.clone()).or_default();
        *place += 1;
        let index = usize::try_from(*place - 1).unwrap_or(usize::MAX).min(DIVERSITY.len() - 1);
        let weight = DIVERSITY[index];
        one.score = times(one.score, weight);
        one.factors.push(Factor { name: "diversity", value: *place, weight, points: None });
    }
    order(&mut ranked);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: u128, author: &str, likes: u64, hours: u64) -> Candidate {
        let counts = Counts { likes, ..Counts::default() };
        let (id, author) = (PostId(id), author.to_owned());
        Candidate { id, shows: id, author, counts, followed: true, affinity: 0, hours }
    }

    #[test]
    fn logarithms_and_decay_are_tables_of_whole_numbers() {
        let logs: Vec<i64> = [0, 1, 2, 3, 4, 7, 1023, u64::MAX].into_iter().map(log2).collect();
        assert_eq!(logs, [0, 1000, 1500, 2000, 2250, 3000, 10_000, 64_000]);
        let left: Vec<i64> = [0, 1, 8, 9, 16, 48, 1000].into_iter().map(decay).collect();
        assert_eq!(left, [1000, 917, 500, 458, 250, 15, 0]);
        assert!((0..100).all(|hours| decay(hours) >= decay(hours + 1)));
    }

    #[test]
    fn every_factor_is_named_and_makes_the_score() {
        let counts = Counts { likes: 3, reposts: 1, replies: 1, quotes: 0, shares: 7 };
        let one = Candidate { counts, followed: false, affinity: 3, hours: 8, ..candidate(1, "ada", 0, 0) };
        let ranked = rank(vec![one], &Weights::default()).remove(0);
        // (0.5·2 + 1·1 + 5·1 + 5·0 + 2·3) · 1.5 · 0.5 · 0.75 · 1
        assert_eq!(ranked.score, 7312);
        let shown: Vec<(&str, u64, i64)> = ranked
            .factors
            .iter()
            .map(|factor| (factor.name, factor.value, factor.points.unwrap_or(factor.weight)))
            .collect();
        assert_eq!(
            shown,
            [
                ("likes", 3, 1000),
                ("reposts", 1, 1000),
                ("replies", 1, 5000),
                ("quotes", 0, 0),
                ("shares", 7, 6000),
                ("affinity", 3, 1500),
                ("age_hours", 8, 500),
                ("out_of_network", 1, 750),
                ("diversity", 1, 1000),
            ]
        );
    }

    #[test]
    fn an_author_of_many_posts_leaves_room_for_others() {
        let posts =
            [(1, "ada", 1023), (2, "ada", 511), (3, "ada", 511), (4, "ada", 511), (5, "bob", 15), (6, "eve", 0)];
        let posts = posts.map(|(id, author, likes)| candidate(id, author, likes, 0)).to_vec();
        let ranked = rank(posts, &Weights::default());
        let shown: Vec<(u128, i64)> = ranked.iter().map(|one| (one.candidate.id.0, one.score)).collect();
        assert_eq!(shown, [(1, 5000), (4, 2250), (5, 2000), (3, 1125), (2, 1125), (6, 0)]);
    }
}
