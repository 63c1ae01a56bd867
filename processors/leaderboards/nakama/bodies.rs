//! What the façade takes and gives as JSON, as Nakama writes it: 64-bit numbers as texts, zeros left out.

use millrace_topics::leaderboards::{Entry, Metadata, Operator};
use millrace_topics::time::Time;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Where metadata holds the name of a record's owner.
pub(super) const USERNAME: &str = "$username";

/// Who wants a session.
#[derive(Deserialize, ToSchema)]
#[schema(as = nakama::Account)]
pub(super) struct Account {
    /// The id of a device, or a custom one.
    #[serde(default)]
    pub(super) id: String,
}

/// How it wants to be called.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Called {
    /// 1 to 128 bytes without blanks.
    pub(super) username: Option<String>,
}

/// A session that is to be renewed.
#[derive(Deserialize, ToSchema)]
#[schema(as = nakama::Renewal)]
pub(super) struct Renewal {
    /// The token to renew it with.
    #[serde(default)]
    pub(super) token: String,
}

/// A session.
#[derive(Serialize, ToSchema)]
#[schema(as = nakama::Session)]
pub(super) struct Session {
    /// The token to ask with.
    pub(super) token: String,
    /// The token to renew it with.
    pub(super) refresh_token: String,
}

/// A score to be written.
#[derive(Deserialize, ToSchema)]
#[schema(as = nakama::NewRecord)]
pub(super) struct NewRecord {
    /// The score: a text or a number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) score: Long,
    /// The subscore: a text or a number.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) subscore: Long,
    /// The text of a JSON object.
    pub(super) metadata: Option<String>,
    /// Instead of the board's own: a name or a number.
    #[serde(default, deserialize_with = "operator")]
    #[schema(value_type = Option<u8>)]
    pub(super) operator: Option<Operator>,
}

/// A 64-bit number, which JSON of Nakama writes as a text and takes as either.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Long(pub(super) i64);

impl<'de> Deserialize<'de> for Long {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(deserializer)? {
            Value::Null => Some(0),
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a whole number of 64 bits is needed, as a text or not"))
    }
}

fn operator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Operator>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let name = value.as_str().unwrap_or_default();
    match (value.as_u64(), name) {
        _ if value.is_null() => Ok(None),
        (Some(0), _) | (_, "NO_OVERRIDE") => Ok(None),
        (Some(1), _) | (_, "BEST") => Ok(Some(Operator::Best)),
        (Some(2), _) | (_, "SET") => Ok(Some(Operator::Set)),
        (Some(3), _) | (_, "INCREMENT") => Ok(Some(Operator::Incr)),
        (Some(4), _) | (_, "DECREMENT") => Ok(Some(Operator::Decr)),
        _ => Err(serde::de::Error::custom("`operator` is NO_OVERRIDE, BEST, SET, INCREMENT or DECREMENT, or 0 to 4")),
    }
}

/// Which records.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Records of these owners, which come beside the list.
    #[serde(default)]
    pub(super) owner_ids: Vec<String>,
    /// 1 to 1,000, around an owner 1 to 100; 1 unless said. Without it, `owner_ids` come without a list.
    pub(super) limit: Option<String>,
    /// Where a list before said that it goes on.
    pub(super) cursor: Option<String>,
    /// Records of the epoch that ended, or will end, in this second since 1970; of the open one unless said.
    pub(super) expiry: Option<String>,
}

/// A record.
#[derive(Debug, Default, PartialEq, Serialize, ToSchema)]
#[schema(as = nakama::Record)]
pub(super) struct Record {
    /// The board.
    pub(super) leaderboard_id: String,
    /// The owner.
    pub(super) owner_id: String,
    /// The owner's name, as it was said with the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    /// The score; none is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) score: Option<String>,
    /// The first subscore; none is 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subscore: Option<String>,
    /// How many submissions counted.
    pub(super) num_score: u64,
    /// The text of a JSON object.
    pub(super) metadata: String,
    /// When the last submission counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) update_time: Option<Time>,
    /// When the epoch ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expiry_time: Option<Time>,
    /// The rank, from 1; none for who is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rank: Option<String>,
    /// How many submissions may count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_num_score: Option<u64>,
}

impl Record {
    /// The record of an entry.
    pub(super) fn of(board: &str, entry: Entry) -> Self {
        let (username, metadata) = apart(entry.metadata.as_ref());
        Self {
            leaderboard_id: board.to_owned(),
            owner_id: entry.owner,
            username,
            score: long(entry.score),
            subscore: long(entry.subscores.first().copied().unwrap_or_default()),
            num_score: entry.attempts,
            metadata,
            update_time: Some(entry.updated_at),
            rank: Some(entry.rank.to_string()),
            ..Self::default()
        }
    }
}

/// A number as Nakama writes it: zero is left out.
pub(super) fn long(number: i64) -> Option<String> {
    (number != 0).then(|| number.to_string())
}

/// Some records.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = nakama::Records)]
pub(super) struct Records {
    /// The list.
    pub(super) records: Vec<Record>,
    /// Those of the owners that were asked for.
    pub(super) owner_records: Vec<Record>,
    /// Where it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
    /// Where it goes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prev_cursor: Option<String>,
    /// How many members the epoch has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rank_count: Option<String>,
}

/// Nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = nakama::Empty)]
pub(super) struct Empty {}

/// An error.
#[derive(Serialize, ToSchema)]
#[schema(as = nakama::Error)]
pub(super) struct ErrorBody {
    /// The code, as gRPC counts them.
    pub(super) code: u8,
    /// What is wrong, for people.
    pub(super) error: String,
    /// The same.
    pub(super) message: String,
}

/// Metadata with the owner's name in it. `given` is what a client wrote; none if that is no object.
pub(super) fn named(given: &str, name: &str) -> Option<Metadata> {
    let mut object: Map<String, Value> = serde_json::from_str(given).ok()?;
    object.insert(USERNAME.to_owned(), Value::from(name));
    Some(Metadata(Value::Object(object).to_string()))
}

/// The owner's name, if one was said, and the rest of the metadata.
pub(super) fn apart(metadata: Option<&Metadata>) -> (Option<String>, String) {
    let object = metadata.and_then(|metadata| serde_json::from_str::<Map<String, Value>>(&metadata.0).ok());
    let mut object = object.unwrap_or_default();
    let name = object.remove(USERNAME).and_then(|name| name.as_str().map(str::to_owned));
    (name, Value::Object(object).to_string())
}
