//! What a call of Medusa's clients takes: mostly one command; more where the dialect says in one call what the own API
//! says in several.

use super::extras::Extras;
use super::given::{About, NewItem};
use super::secret::Secret;
use super::shown::{Completed, CompletionError, Showing};
use crate::carts::routes::{cart_in, completed, decided, submit};
use crate::carts::{Carting, lines, promo, stock};
use crate::runtime::door::{Asked, Door, Read, Undone};
use crate::runtime::problem::Problem;
use millrace_topics::carts::{
    self, Answer, ApplyCode, CartView, Checkout, Claim, Command, Describe, Mode, On, OnCode, Opening, Order, Outcome,
    Query, Reader, SetLine, Ship, ShippingOption, State, cart_of_user,
};
use millrace_topics::money::Currency;
use millrace_topics::token::TokenHash;
use serde_json::{Map, Value};

/// How often a change of what lies in the metadata is tried when others change the cart meanwhile.
const TRIES: u32 = 5;

/// A buyer with a cart.
pub(super) struct Shopper {
    door: Door,
    asked: Asked,
    secret: Secret,
    /// The cart's own id: another one's, once it was transferred.
    cart: String,
    /// The hash of its token: none for a customer's.
    token: Option<TokenHash>,
}

impl Shopper {
    pub(super) fn new(door: Door, asked: Asked, secret: Secret) -> Self {
        let (cart, token) = (secret.cart(), Some(secret.token()));
        Self { door, asked, secret, cart, token }
    }

    /// Opens a cart.
    pub(super) async fn open(
        door: Door,
        asked: Asked,
        currency: Currency,
        about: &About,
    ) -> Result<(Self, CartView), Problem> {
        let secret = Secret::draw(&door, &asked);
        let mut extras = Extras::default();
        about.put_into(&mut extras);
        let opening =
            Opening { cart: secret.cart(), token: Some(secret.token()), currency, metadata: Some(extras.text()) };
        let mut shopper = Self::new(door, asked, secret);
        let cart = shopper.tell(Command::Open(opening)).await.map(cart_in)?;
        Ok((shopper, *cart))
    }

    /// Goes on with the customer's cart where this one was transferred to it, if it is the customer who asks.
    pub(super) async fn follow(&mut self) -> Result<(), Problem> {
        if self.asked.caller.id.is_empty() {
            return Ok(());
        }
        let successor = match self.cart().await {
            Err(problem) if problem.code == "cart_merged" => problem.members.get("successor").cloned(),
            _ => None,
        };
        let own = format!("{}~", cart_of_user(&self.asked.caller.id));
        let successor = successor.and_then(|successor| successor.as_str().map(str::to_owned));
        if let Some(successor) = successor.filter(|successor| successor.starts_with(&own)) {
            (self.cart, self.token) = (successor, None);
        }
        Ok(())
    }

    /// Gives the cart to a customer, whose cart takes its lines and what else belongs to it.
    pub(super) async fn transfer(&mut self, customer: String) -> Result<CartView, Problem> {
        let cart = self.cart().await?;
        if cart.customer.as_ref() == Some(&customer) {
            return Ok(cart);
        }
        if matches!(cart.state, State::Reserving | State::CheckingOut | State::Paying) {
            self.tell(Command::Cancel(self.on(None))).await?;
        }
        let query = Query::Lines { cart: self.cart.clone(), reader: self.reader() };
        let hints = match self.door.ask::<Carting>(&self.asked, &query).await.map(|read| read.answer) {
            Ok(Answer::Lines(_, lines, _)) => stock::routes::hints(&self.door, &self.asked, &lines).await,
            _ => Vec::new(),
        };
        let claim = Command::Claim(Claim { on: self.on(None), customer, mode: Mode::Max, hints });
        let done = self.door.submit::<Carting>(&self.asked, &claim).await.map_err(problem)?;
        self.asked.min_position.merge(&done.positions);
        let claimed = decided(&self.door, &self.asked, self.cart.clone(), self.reader(), done).await;
        self.asked.min_position.merge(&claimed.map_err(problem)?.positions);
        self.follow().await?;
        let before = Extras::of(&cart);
        let cart = self.edit(|extras| extras.fill(&before)).await?;
        self.ship_again(cart).await
    }

    pub(super) fn showing<'a>(&'a self, cart: &'a CartView) -> Showing<'a> {
        Showing { cart, secret: &self.secret }
    }

    fn on(&self, version: Option<u32>) -> On {
        On { cart: self.cart.clone(), token: self.token, version, ..On::default() }
    }

    fn reader(&self) -> Reader {
        Reader { token: self.token, caller: self.asked.caller.clone() }
    }

    /// The cart as it is now.
    pub(super) async fn cart(&self) -> Result<CartView, Problem> {
        let query = Query::Cart { cart: self.cart.clone(), reader: self.reader() };
        match self.door.ask::<Carting>(&self.asked, &query).await?.answer {
            Answer::Cart(cart) => Ok(*cart),
            _ => unreachable!("a cart was asked for"),
        }
    }

    /// The order that it has become.
    pub(super) async fn order(&self) -> Result<Order, Problem> {
        let query = Query::Order { cart: self.cart.clone(), reader: self.reader() };
        match self.door.ask::<Carting>(&self.asked, &query).await?.answer {
            Answer::Order(order) => Ok(*order),
            _ => unreachable!("an order was asked for"),
        }
    }

    /// Submits a command; what is asked from then on has seen it.
    async fn tell(&mut self, command: Command) -> Result<Outcome, Problem> {
        let done = self.door.submit::<Carting>(&self.asked, &command).await.map_err(problem)?;
        self.asked.min_position.merge(&done.positions);
        Ok(done.outcome)
    }

    /// Changes a cart. A checkout that is under way ends: Medusa too lets go of payment sessions then.
    async fn change(&mut self, command: Command) -> Result<CartView, Problem> {
        match self.submit(&command).await {
            Err(problem) if problem.code == "checking_out" => {}
            done => return done,
        }
        match self.tell(Command::Cancel(self.on(None))).await {
            Err(problem) if problem.code != "not_checking_out" => return Err(problem),
            _ => {}
        }
        self.submit(&command).await
    }

    /// Submits a change of the cart; what is asked from then on has seen it.
    async fn submit(&mut self, command: &Command) -> Result<CartView, Problem> {
        let done = submit(&self.door, &self.asked, self.reader(), command).await.map_err(problem)?;
        self.asked.min_position.merge(&done.positions);
        Ok(*done.outcome)
    }

    /// Changes what lies in the metadata.
    async fn edit(&mut self, edit: impl Fn(&mut Extras)) -> Result<CartView, Problem> {
        for _ in 1..TRIES {
            match self.try_edit(&edit).await {
                Err(problem) if problem.code == "version_conflict" => {}
                done => return done,
            }
        }
        self.try_edit(&edit).await
    }

    async fn try_edit(&mut self, edit: impl Fn(&mut Extras)) -> Result<CartView, Problem> {
        let mut cart = self.cart().await?;
        if matches!(cart.state, State::Reserving | State::CheckingOut | State::Paying) {
            cart = *self.tell(Command::Cancel(self.on(Some(cart.version)))).await.map(cart_in)?;
        }
        let mut extras = Extras::of(&cart);
        edit(&mut extras);
        let describe = Describe { on: self.on(Some(cart.version)), metadata: Some(extras.text()) };
        self.tell(Command::Describe(describe)).await.map(|outcome| *cart_in(outcome))
    }

    pub(super) async fn describe(&mut self, about: &About) -> Result<CartView, Problem> {
        self.edit(|extras| about.put_into(extras)).await
    }

    /// Puts some of a variant into the cart.
    pub(super) async fn add(&mut self, item: NewItem) -> Result<CartView, Problem> {
        let NewItem { variant_id, quantity, metadata } = item;
        let found = stock::routes::offer(&self.door, &self.asked, variant_id, &self.cart, self.reader()).await?;
        let options = options(metadata.unwrap_or_default());
        let cart = self.change(lines::routes::add(self.on(None), found, quantity, options)).await?;
        self.ship_again(cart).await
    }

    /// Changes how many a line has.
    pub(super) async fn set(&mut self, line: &str, quantity: u32) -> Result<CartView, Problem> {
        let set = SetLine { on: self.on(None), line: line.to_owned(), quantity, base: None };
        let command = lines::routes::set(&self.door, &self.asked, self.reader(), set).await?;
        let cart = self.change(command).await?;
        self.ship_again(cart).await
    }

    /// Gives the cart codes.
    pub(super) async fn add_codes(&mut self, codes: &[String]) -> Result<CartView, Problem> {
        let mut cart = self.cart().await?;
        for code in codes {
            let terms = promo::routes::terms(&self.door, &self.asked, code).await?;
            cart = self.change(Command::ApplyCode(Box::new(ApplyCode { on: self.on(None), terms }))).await?;
        }
        self.ship_again(cart).await
    }

    /// Takes codes away; one that the cart does not have is away already.
    pub(super) async fn remove_codes(&mut self, codes: &[String]) -> Result<CartView, Problem> {
        let mut cart = self.cart().await?;
        for code in codes {
            let on = OnCode { on: self.on(None), code: code.to_ascii_lowercase() };
            match self.change(Command::RemoveCode(on)).await {
                Err(problem) if problem.code == "unknown_code" => {}
                done => cart = done?,
            }
        }
        self.ship_again(cart).await
    }

    /// Gives the cart these codes and no others.
    pub(super) async fn set_codes(&mut self, codes: &[String]) -> Result<CartView, Problem> {
        let wanted = |code: &str| codes.iter().any(|wanted| wanted.eq_ignore_ascii_case(code));
        let known = self.cart().await?.promotions;
        let others: Vec<String> =
            known.into_iter().map(|promotion| promotion.code).filter(|code| !wanted(code)).collect();
        self.remove_codes(&others).await?;
        self.add_codes(codes).await
    }

    /// Chooses a way of sending.
    pub(super) async fn ship(&mut self, option: &str) -> Result<CartView, Problem> {
        let found = stock::shipping::routes::options(&self.door, &self.asked).await?.answer;
        let unknown = || Problem::refusal(&carts::Rejection::UnknownShipping(option.to_owned()));
        let found = found.into_iter().find(|known| known.option == option).ok_or_else(unknown)?;
        // What the cart cannot have is not remembered.
        self.quote(found).await?;
        self.edit(|extras| extras.shipping_option = Some(option.to_owned())).await
    }

    async fn quote(&mut self, option: ShippingOption) -> Result<CartView, Problem> {
        self.change(Command::Ship(Box::new(Ship { on: self.on(None), option }))).await
    }

    /// A change of lines makes quotes stale. Medusa keeps a way of sending that was chosen, with its present price.
    async fn ship_again(&mut self, cart: CartView) -> Result<CartView, Problem> {
        let Some(chosen) = Extras::of(&cart).shipping_option else { return Ok(cart) };
        if cart.lines.is_empty()
            || cart.quotes.iter().any(|quote| quote.kind == carts::QuoteKind::Shipping && !quote.stale)
        {
            return Ok(cart);
        }
        let options = stock::shipping::routes::options(&self.door, &self.asked).await?.answer;
        match options.into_iter().find(|option| option.option == chosen && option.price_in(cart.currency).is_some()) {
            Some(option) => self.quote(option).await,
            None => Ok(cart),
        }
    }

    /// Starts a payment session: the cart is checked out, so that what is to be paid stands still.
    pub(super) async fn pay_with(&mut self, provider: &str) -> Result<CartView, Problem> {
        let cart = self.cart().await?;
        let is_the_same = Extras::of(&cart).provider.as_deref() == Some(provider);
        if is_the_same && matches!(cart.state, State::CheckingOut | State::Paying) {
            return Ok(cart);
        }
        let cart = self.edit(|extras| extras.provider = Some(provider.to_owned())).await?;
        self.check_out(cart).await
    }

    /// Reserves everything.
    async fn check_out(&mut self, cart: CartView) -> Result<CartView, Problem> {
        // A price may have dropped since.
        self.ship_again(cart).await?;
        let checkout = Command::Checkout(Checkout { on: self.on(None), seconds: None });
        let done = self.door.submit::<Carting>(&self.asked, &checkout).await.map_err(problem)?;
        self.asked.min_position.merge(&done.positions);
        let read = decided(&self.door, &self.asked, self.cart.clone(), self.reader(), done).await.map_err(problem)?;
        let Read { answer, positions } = read;
        self.asked.min_position.merge(&positions);
        Ok(*answer)
    }

    /// Makes an order of the cart. Said again it answers the same.
    pub(super) async fn complete(&mut self) -> Result<Completed, Problem> {
        let cart = self.cart().await?;
        if matches!(cart.state, State::Active) {
            if Extras::of(&cart).provider.is_none() && cart.totals.total.amount > 0 {
                let detail = "Payment sessions are required to complete cart";
                return Err(Problem::bad_request("no_payment_session", detail));
            }
            self.check_out(cart).await?;
        }
        let command = Command::Complete(self.on(None));
        let done = completed(&self.door, &self.asked, self.reader(), &command).await.map_err(problem)?;
        self.asked.min_position.merge(&done.positions);
        let cart = self.cart().await?;
        match done.outcome {
            carts::Completed::Order { order } => {
                Ok(Completed::Order { order: Box::new(self.showing(&cart).order(&order)) })
            }
            carts::Completed::Cart { missing, .. } if missing == "payment_pending" => {
                let error = CompletionError {
                    message: "The payment was not authorized with the provider yet",
                    name: "Error",
                    r#type: "payment_authorization_error",
                };
                Ok(Completed::Cart { cart: Box::new(self.showing(&cart).cart()), error })
            }
            carts::Completed::Cart { .. } => Err(under_way()),
        }
    }
}

fn problem(undone: Undone) -> Problem {
    match undone {
        Undone::Problem(problem) => *problem,
        Undone::Accepted(_) => under_way(),
    }
}

fn under_way() -> Problem {
    Problem::new(409, "under_way", "Cart is already being completed by another request")
}

/// What a client says of a line beside its variant: as which of them, by name.
fn options(metadata: Map<String, Value>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    metadata.into_iter().map(|(name, value)| (name, text(value))).collect()
}
