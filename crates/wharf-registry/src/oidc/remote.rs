//! An issuer that is asked for its keys: seldom, and by one at a time.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use wharf_identity::{KeySet, TokenError};

use crate::Micros;
use crate::oidc::discovery::{Discovered, discover};
use crate::outbound::{Client, Thumbprint};

/// How long after their time keys are used while the issuer does not answer.
const STALE: Duration = Duration::from_hours(24);
/// How long an issuer that has failed is not asked again.
const AFTER_FAILURE: Duration = Duration::from_secs(10);
/// How often an issuer is asked because a token's key is not among its keys, at most.
const FOR_UNKNOWN_KEY: Duration = Duration::from_mins(1);

/// Keys that an issuer has answered.
#[derive(Debug)]
pub(super) struct Held {
    keys: KeySet,
    fresh_until: Micros,
}

impl Held {
    pub(super) fn keys(&self) -> &KeySet {
        &self.keys
    }
}

/// One issuer, as those see it who trust the same certificates.
pub(super) struct Remote {
    issuer: String,
    thumbprints: Vec<Thumbprint>,
    state: Mutex<State>,
    /// Held by the one who asks. What he asks goes on if he does not wait for the answer.
    flight: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    failed: Option<(Micros, TokenError)>,
    /// When it was last asked for an unknown key.
    asked: Option<Micros>,
}

enum Next {
    Use(Arc<Held>),
    Refuse(TokenError),
    /// Ask; others may use the stale keys meanwhile.
    Ask(Option<Arc<Held>>),
}

impl State {
    fn next(&self, wall: Micros) -> Next {
        let mut stale = None;
        if let Some(held) = &self.held {
            if wall < held.fresh_until {
                return Next::Use(Arc::clone(held));
            }
            let end = held.fresh_until.saturating_add(micros(STALE));
            stale = (wall < end).then(|| Arc::clone(held));
        }
        match (&self.failed, stale) {
            (Some((at, error)), stale) if is_within(*at, wall, AFTER_FAILURE) => {
                stale.map_or_else(|| Next::Refuse(error.clone()), Next::Use)
            }
            (_, stale) => Next::Ask(stale),
        }
    }

    /// Keys that are not those.
    fn other_than(&self, used: &Arc<Held>) -> Option<Arc<Held>> {
        let held = self.held.as_ref()?;
        (!Arc::ptr_eq(held, used)).then(|| Arc::clone(held))
    }
}

impl Remote {
    pub(super) fn new(issuer: String, thumbprints: Vec<Thumbprint>) -> Self {
        Self {
            issuer,
            thumbprints,
            state: Mutex::default(),
            flight: Arc::default(),
        }
    }

    /// The keys to judge by at `wall`, and whether they were asked for just now.
    pub(super) async fn current(
        self: &Arc<Self>,
        client: &Arc<Client>,
        wall: Micros,
    ) -> Result<(Arc<Held>, bool), TokenError> {
        let mut is_new = false;
        // Once to ask or to wait for who asks, once for what came of it; and once if that was lost.
        for _ in 0..3 {
            let next = self.state().next(wall);
            let stale = match next {
                Next::Use(held) => return Ok((held, is_new)),
                Next::Refuse(error) => return Err(error),
                Next::Ask(stale) => stale,
            };
            match (Arc::clone(&self.flight).try_lock_owned(), stale) {
                (Ok(flight), _) => {
                    // Somebody else may have been faster.
                    if matches!(self.state().next(wall), Next::Ask(_)) {
                        self.ask(client, flight, wall).await;
                        is_new = true;
                    }
                }
                (Err(_asking), Some(stale)) => return Ok((stale, false)),
                (Err(_asking), None) => drop(self.flight.lock().await),
            }
        }
        Err(TokenError::Communication)
    }

    /// Newer keys than those used, because a token's key is not among them; `None` if it is too soon to ask again.
    ///
    /// # Errors
    /// What kept the issuer from answering.
    pub(super) async fn newer(
        self: &Arc<Self>,
        client: &Arc<Client>,
        used: &Arc<Held>,
        wall: Micros,
    ) -> Result<Option<Arc<Held>>, TokenError> {
        let Ok(flight) = Arc::clone(&self.flight).try_lock_owned() else {
            // Who asks at the moment gets the newest.
            drop(self.flight.lock().await);
            return Ok(self.state().other_than(used));
        };
        {
            let mut state = self.state();
            let other = state.other_than(used);
            let too_soon = state
                .asked
                .is_some_and(|at| is_within(at, wall, FOR_UNKNOWN_KEY));
            if other.is_some() || too_soon {
                return Ok(other);
            }
            state.asked = Some(wall);
        }
        self.ask(client, flight, wall).await;
        let state = self.state();
        match (state.other_than(used), &state.failed) {
            (None, Some((_, error))) => Err(error.clone()),
            (newer, _) => Ok(newer),
        }
    }

    /// Asks the issuer, and notes the answer.
    async fn ask(
        self: &Arc<Self>,
        client: &Arc<Client>,
        flight: OwnedMutexGuard<()>,
        wall: Micros,
    ) {
        let (this, client) = (Arc::clone(self), Arc::clone(client));
        let asking = async move {
            let answer = discover(&client, &this.issuer, &this.thumbprints).await;
            let mut state = this.state();
            match answer {
                Ok(Discovered { keys, max_age }) => {
                    tracing::debug!(issuer = this.issuer, keys = keys.len(), "keys were fetched");
                    let fresh_until = wall.saturating_add(micros(max_age));
                    state.held = Some(Arc::new(Held { keys, fresh_until }));
                    state.failed = None;
                }
                Err(failure) => {
                    tracing::warn!(issuer = this.issuer, %failure, "an identity provider gives no keys");
                    state.failed = Some((wall, failure.told()));
                }
            }
            drop(flight);
        };
        #[expect(
            clippy::disallowed_methods,
            reason = "ends by itself when a fetch has to; a client that hangs up must not make it be asked again"
        )]
        let task = tokio::spawn(asking);
        // If it panicked, nothing was noted, and the panic was logged.
        drop(task.await);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX)
}

/// Whether less than `span` lies between: requests do not come in the order of their times. A clock that was put back by
/// more counts as passed, or nobody would ask for long.
fn is_within(since: Micros, wall: Micros, span: Duration) -> bool {
    let span = micros(span);
    (-span..span).contains(&wall.saturating_sub(since))
}
