//! What a run's budget counted, told by endpoint.

use super::stop::Stop;
use crate::config::resolved::Endpoint;
use crate::report::morning::Overspent;
use crate::report::{Spending, plain};
use crate::scheduler::{Account, Budget, Spent};

/// What was spent; `None` where no endpoint has a price. The budget's accounts are the endpoints, in the config's order.
pub fn spending(endpoints: &[Endpoint], budget: &Budget) -> Option<Spending> {
    let account = |index: usize| budget.accounts().get(index).copied().unwrap_or_default();
    let of = |Account { told, untold }: Account| told.money + untold.money;
    let priced = endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.price.is_some());
    let by_endpoint = priced.map(|(index, endpoint)| (endpoint.name.clone(), plain(of(account(index)))));
    let untold = budget.accounts().iter().map(|account| account.untold.money).sum();
    let out = Spending {
        all: plain(budget.spent().money),
        untold: plain(untold),
        by_endpoint: by_endpoint.collect(),
    };
    (!out.by_endpoint.is_empty()).then_some(out)
}

/// The budget that did not hold, if one did not.
pub fn overspent(budget: &Budget) -> Option<Overspent> {
    let (spent, caps) = (budget.spent(), budget.caps());
    let told = |stop: Stop, spent: f64, of: f64| Overspent { budget: stop.name().to_owned(), spent, of };
    Some(match budget.overspent()? {
        Spent::Money => told(Stop::Money, plain(spent.money), caps.money?),
        Spent::Tokens => told(Stop::Tokens, spent.tokens as f64, caps.tokens? as f64),
        Spent::Requests => return None,
    })
}
