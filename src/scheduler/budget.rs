//! What a whole run may spend.

/// The most that a run may spend; `None`: no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Caps {
    pub requests: Option<u64>,
    /// Of prompts and answers together.
    pub tokens: Option<u64>,
    /// In the currency that prices are given in.
    pub money: Option<f64>,
}

/// What requests cost, or may cost at most.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    pub tokens: u64,
    pub money: f64,
}

impl Cost {
    pub fn add(&mut self, more: Cost) {
        self.tokens += more.tokens;
        self.money += more.money;
    }
}

/// Which cap is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    Requests,
    Tokens,
    Money,
}

/// What the requests of one account cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Account {
    /// Of those that it was told of.
    pub told: Cost,
    /// Of the others, each taken to have cost as much as it may at most.
    pub untold: Cost,
}

/// Keeps what is spent, with what is reserved for requests under way, within the caps.
#[derive(Debug, Default)]
pub struct Budget {
    caps: Caps,
    requests: u64,
    accounts: Vec<Account>,
    reserved: Cost,
}

impl Budget {
    pub fn new(caps: Caps) -> Self {
        Self { caps, ..Self::default() }
    }

    /// Whether one more request fits that costs so much at most.
    ///
    /// # Errors
    /// The cap that it would break, if all that is under way costs as much as is reserved for it.
    pub fn allows(&self, most: Cost) -> Result<(), Spent> {
        let spent = self.spent();
        let tokens = spent.tokens + self.reserved.tokens + most.tokens;
        let money = spent.money + self.reserved.money + most.money;
        if self.caps.requests.is_some_and(|cap| self.requests >= cap) {
            Err(Spent::Requests)
        } else if self.caps.tokens.is_some_and(|cap| tokens > cap) {
            Err(Spent::Tokens)
        // A hair's breadth for sums of fractions.
        } else if self.caps.money.is_some_and(|cap| money > cap * (1.0 + 1e-9)) {
            Err(Spent::Money)
        } else {
            Ok(())
        }
    }

    /// Whether it matters how much a request costs.
    pub fn holds_sizes(&self) -> bool {
        self.caps.tokens.is_some() || self.caps.money.is_some()
    }

    /// The cap that more was spent than, as requests cost more than was reserved for them.
    pub fn overspent(&self) -> Option<Spent> {
        let spent = self.spent();
        let over_money = self.caps.money.is_some_and(|cap| spent.money > cap * (1.0 + 1e-9));
        let over_tokens = self.caps.tokens.is_some_and(|cap| spent.tokens > cap);
        over_money.then_some(Spent::Money).or_else(|| over_tokens.then_some(Spent::Tokens))
    }

    /// A request is sent that may cost so much.
    pub fn reserve(&mut self, most: Cost) {
        self.requests += 1;
        self.reserved.tokens += most.tokens;
        self.reserved.money += most.money;
    }

    /// A request of an account ended for which so much was reserved; `None`: nobody tells what it cost, so it counts
    /// with that.
    pub fn settle(&mut self, account: usize, most: Cost, told: Option<Cost>) {
        self.reserved.tokens = self.reserved.tokens.saturating_sub(most.tokens);
        self.reserved.money -= most.money;
        if self.accounts.len() <= account {
            self.accounts.resize(account + 1, Account::default());
        }
        let account = &mut self.accounts[account];
        match told {
            Some(cost) => account.told.add(cost),
            None => account.untold.add(most),
        }
    }

    /// A request for which so much was reserved came to no server.
    pub fn withdraw(&mut self, account: usize, most: Cost) {
        self.requests = self.requests.saturating_sub(1);
        self.settle(account, most, Some(Cost::default()));
    }

    /// By account, as far as any request of them ended.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// All that was spent.
    pub fn spent(&self) -> Cost {
        let mut sum = Cost::default();
        for account in &self.accounts {
            sum.add(account.told);
            sum.add(account.untold);
        }
        sum
    }

    pub fn caps(&self) -> Caps {
        self.caps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scheduler::Estimate;

    proptest! {
        /// Whatever is sent and however it ends, told of or not: no cap is broken by more than what requests cost beyond
        /// what was reserved for them; and none costs more, once it is known how many tokens a byte takes.
        #[test]
        fn no_cap_is_broken(
            requests in 1..50u64,
            tokens in 100..20_000u64,
            cents in 1..2000u32,
            // A third is what is expected.
            density in 0.05..1.2f64,
            sends in prop::collection::vec((1..4000usize, 0..16u64, 0..300u64, any::<bool>()), 1..200),
        ) {
            let money = f64::from(cents) / 100.0;
            let caps = Caps { requests: Some(requests), tokens: Some(tokens), money: Some(money) };
            let mut budget = Budget::new(caps);
            let mut prompts = Estimate::new(1.0 / 3.0, 16);
            let dense = |bytes: usize| (bytes as f64 * density).ceil() as u64;
            let price = |tokens: u64| Cost { tokens, money: tokens as f64 * 0.001 };
            let mut under_way = Vec::new();
            let (mut sent, mut beyond, mut is_known) = (0, 0, density <= 1.0 / 3.0);
            for (bytes, around, answer, ends) in sends {
                let most = prompts.tokens(bytes) + 300;
                let prompt = dense(bytes) + if is_known { around } else { 0 };
                if budget.allows(price(most)).is_ok() {
                    budget.reserve(price(most));
                    under_way.push((most, bytes, prompt, answer));
                    sent += 1;
                    prop_assert!(!is_known || prompt + answer <= most, "{prompt} and {answer} for {most}");
                }
                if ends && let Some((most, bytes, prompt, answer)) = under_way.pop() {
                    let used = prompt + answer;
                    let told = (used % 3 > 0).then(|| price(used));
                    if told.is_some() {
                        prompts.saw(bytes, prompt);
                        beyond += used.saturating_sub(most);
                        is_known = true;
                    }
                    budget.settle(used as usize % 2, price(most), told);
                }
                let total = budget.spent().tokens + under_way.iter().map(|(most, ..)| most).sum::<u64>();
                prop_assert!(total <= tokens + beyond && sent <= requests);
                prop_assert!(total as f64 * 0.001 <= money * 1.000_001 + beyond as f64 * 0.001);
                prop_assert!(beyond > 0 || budget.overspent().is_none());
            }
        }
    }

    #[test]
    fn what_is_given_back_can_be_spent() {
        let cost = |tokens| Cost { tokens, money: 0.0 };
        let mut budget = Budget::new(Caps { tokens: Some(100), ..Caps::default() });
        budget.reserve(cost(60));
        assert_eq!(budget.allows(cost(60)), Err(Spent::Tokens));
        budget.settle(0, cost(60), Some(cost(20)));
        assert_eq!(budget.allows(cost(60)), Ok(()));
    }
}
