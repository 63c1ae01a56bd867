//! What clients of Mastodon send, as far as it is understood: as JSON or as a form.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An app.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::NewApp)]
pub(super) struct NewApp {
    /// What it is called.
    pub(super) client_name: Option<String>,
    /// Where its users are sent.
    pub(super) redirect_uris: Option<String>,
}

/// A wish for a token.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::Grant)]
pub(super) struct Grant {
    /// `password` or `client_credentials`.
    pub(super) grant_type: Option<String>,
    /// The account.
    pub(super) username: Option<String>,
    /// What it shall be good for.
    pub(super) scope: Option<String>,
}

/// A status that is to be.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::NewStatus)]
pub(super) struct NewStatus {
    /// What it says.
    pub(super) status: Option<String>,
    /// The status that it answers.
    pub(super) in_reply_to_id: Option<String>,
    /// The status that it quotes.
    pub(super) quoted_status_id: Option<String>,
    /// `public`, `unlisted`, `private` or `direct`.
    pub(super) visibility: Option<String>,
    /// What it asks.
    pub(super) poll: Option<NewPoll>,
}

/// A poll that is to be.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::NewPoll)]
pub(super) struct NewPoll {
    /// What can be voted for.
    #[serde(default)]
    pub(super) options: Vec<String>,
    /// For how many seconds it is open.
    pub(super) expires_in: Option<u64>,
    /// True if one may vote for several.
    pub(super) multiple: Option<bool>,
}

/// What somebody votes for.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::Votes)]
pub(super) struct Votes {
    /// The places of the options, from 0.
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
}

/// A number, or its digits.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = mastodon::Choice)]
pub(super) enum Choice {
    Number(u32),
    Digits(String),
}

impl Choice {
    /// The number that is meant.
    pub(super) fn number(&self) -> Option<u32> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Digits(digits) => digits.parse().ok(),
        }
    }
}

/// What an account says of itself.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::Credentials)]
pub(super) struct Credentials {
    /// What people call it.
    pub(super) display_name: Option<String>,
    /// What it says of itself.
    pub(super) note: Option<String>,
    /// `true` or `1` if it says who may follow.
    #[schema(value_type = Option<String>)]
    pub(super) locked: Option<serde_json::Value>,
}

/// A list that is to be.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::NewList)]
pub(super) struct NewList {
    /// What people call it.
    pub(super) title: Option<String>,
}

/// Accounts that are meant.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::Members)]
pub(super) struct Members {
    /// Their ids.
    #[serde(default)]
    pub(super) account_ids: Vec<String>,
}

/// A filter that is to be.
#[derive(Clone, Default, Deserialize, Serialize, ToSchema)]
#[schema(as = mastodon::NewFilter)]
pub(super) struct NewFilter {
    /// The word, or several.
    pub(super) phrase: Option<String>,
    /// `true` or `1` if it is not meant as a part of other words.
    #[schema(value_type = Option<String>)]
    pub(super) whole_word: Option<serde_json::Value>,
    /// For how many seconds; for ever if nothing is said.
    #[schema(value_type = Option<String>)]
    pub(super) expires_in: Option<serde_json::Value>,
}

/// Which page of a timeline.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichPage {
    /// Only older ones.
    pub(super) max_id: Option<String>,
    /// Only newer ones, the newest first.
    pub(super) since_id: Option<String>,
    /// Only newer ones, of which those that follow at once.
    pub(super) min_id: Option<String>,
    /// How many: 1 to 80, 20 if nothing is said.
    pub(super) limit: Option<u32>,
}

/// Which stream, over a WebSocket.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichStream {
    /// `user`; none until the client says which.
    pub(super) stream: Option<String>,
    /// The token, where it is neither a header nor the protocol.
    pub(super) access_token: Option<String>,
}

/// What a client says over a WebSocket.
#[derive(Deserialize)]
pub(super) struct Asking {
    /// `subscribe` or `unsubscribe`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The stream.
    pub(super) stream: String,
}

/// Which accounts.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhichAccounts {
    /// What the name begins with.
    pub(super) q: Option<String>,
    /// The name.
    pub(super) acct: Option<String>,
    /// Ids.
    #[serde(default)]
    pub(super) id: Vec<String>,
    /// How many: 40 if nothing is said.
    pub(super) limit: Option<u32>,
}
