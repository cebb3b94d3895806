//! What a run's budget counted, told by endpoint.

use crate::config::resolved::Endpoint;
use crate::report::{Spending, plain};
use crate::scheduler::{Account, Budget};

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
