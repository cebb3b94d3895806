//! The models behind a config's endpoints, and which of them an ask is for.

use super::evaluate::{About, Demand, To};
use super::looking;
use super::recipe::Recipe;
use crate::config::Config;
use crate::config::resolved::Endpoint;
use crate::fingerprint::{Frame, Identity, plain_name};
use crate::model::hash64;
use crate::prompt::{best, weighted_score};

/// One model, with all endpoints that have it.
#[derive(Debug, Clone)]
pub struct Model {
    pub identity: Identity,
    pub frame: Frame,
    /// What its requests as a judge share, by judge.
    pub judges: Vec<Frame>,
    /// What its requests for embeddings share.
    pub embedding: Frame,
    /// What its requests for names in doubt share.
    pub names: Frame,
    /// Indices into the config's endpoints.
    pub endpoints: Vec<usize>,
    /// It was never seen: what it is, the config says.
    pub is_assumed: bool,
    weight: f64,
    /// What tells it from other models.
    key: [u8; 32],
    /// What an ask chooses it by: its name, so that the asks of a model are known before it was ever seen.
    choice: [u8; 32],
}

/// The name that asks choose an endpoint's model by: what the config asserts of it, else what it is called.
///
/// An assertion that says what it is called anyway moves no ask.
pub fn name_of(endpoint: &Endpoint, identity: &Identity) -> String {
    plain_name(endpoint.model.as_deref().unwrap_or_else(|| identity.display_name()))
}

/// The models of a config: endpoints with the same identity have one and the same.
#[derive(Debug, Clone)]
pub struct Models {
    list: Vec<Model>,
    /// Some variant or value names its model.
    named: bool,
}

impl Models {
    /// The models of endpoints whose identities are given in the config's order.
    pub fn new(config: &Config, identities: &[Identity]) -> Self {
        let mut list: Vec<Model> = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for (index, (endpoint, identity)) in config.endpoints.iter().zip(identities).enumerate() {
            let name = name_of(endpoint, identity);
            match list.iter().position(|model| model.identity == *identity) {
                Some(at) => {
                    let model = &mut list[at];
                    // What the config says of one of its endpoints holds for all.
                    let asserts = |index: &usize| config.endpoints[*index].model.is_some();
                    names[at] = match (model.endpoints.iter().any(asserts), endpoint.model.is_some()) {
                        (true, true) => name.min(std::mem::take(&mut names[at])),
                        (false, true) => name,
                        (_, false) => std::mem::take(&mut names[at]),
                    };
                    model.endpoints.push(index);
                    model.weight = model.weight.max(endpoint.weight);
                }
                None => {
                    names.push(name);
                    list.push(Model {
                        identity: identity.clone(),
                        frame: Frame::new(config, identity),
                        judges: config
                            .checks
                            .judges
                            .iter()
                            .map(|judge| Frame::judge(judge, identity))
                            .collect(),
                        embedding: Frame::embedding(identity),
                        names: looking::frame(identity),
                        endpoints: vec![index],
                        is_assumed: false,
                        weight: endpoint.weight,
                        key: *blake3::hash(&serde_json::to_vec(identity).unwrap_or_default()).as_bytes(),
                        choice: [0; 32],
                    })
                }
            }
        }
        for (at, model) in list.iter_mut().enumerate() {
            // Two models of one name are told apart by what they are.
            let alone = names.iter().filter(|name| **name == names[at]).count() == 1;
            let what: &[u8] = if alone { &[] } else { &model.key };
            model.choice = *blake3::hash(&[names[at].as_bytes(), what].concat()).as_bytes();
        }
        // In an order of their own, so that the order of endpoints means nothing.
        list.sort_by_key(|model| model.key);
        let values = config.axes.iter().flat_map(|axis| &axis.values);
        let named = config.prompt.user.iter().any(|variant| variant.endpoints.is_some())
            || values.clone().any(|value| value.endpoints.is_some());
        Self { list, named }
    }

    /// The same, where nobody has seen the models of some endpoints.
    pub fn assuming(mut self, is_assumed: impl Fn(usize) -> bool) -> Self {
        for model in &mut self.list {
            model.is_assumed = model.endpoints.iter().all(|endpoint| is_assumed(*endpoint));
        }
        self
    }

    /// What the models are that were seen.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.list.iter().filter(|model| !model.is_assumed).map(|model| &model.identity)
    }

    /// What the others are taken for.
    pub fn assumed(&self) -> impl Iterator<Item = &Identity> {
        self.list.iter().filter(|model| model.is_assumed).map(|model| &model.identity)
    }

    /// Models that nothing is known of, for where nothing is stored either.
    pub fn unknown(config: &Config) -> Self {
        let nobody = Identity::Named { name: String::new() };
        Self::new(config, &vec![nobody; config.endpoints.len()])
    }

    /// Whether they are the same, behind the same endpoints.
    pub fn are(&self, others: &Models) -> bool {
        let tell = |model: &Model| (model.key, model.endpoints.clone());
        self.list.iter().map(tell).eq(others.list.iter().map(tell))
    }

    pub fn list(&self) -> &[Model] {
        &self.list
    }

    /// The model that an ask is for, as an index into `list`: among those that its variant and its
    /// values name, or else all, one by weight. Another model added takes some asks from the others,
    /// and moves none between them.
    pub fn of(&self, recipe: &Recipe, cell: usize, ask: u32) -> usize {
        if self.list.len() == 1 {
            return 0;
        }
        let place = recipe.grid.cell(cell);
        let mut meant: Vec<usize> = (0..self.list.len()).collect();
        if self.named {
            let variant = &recipe.config.prompt.user[recipe.prompts.variant(place, ask)];
            let values = recipe.config.axes.iter().zip(recipe.grid.values(place));
            let values = values.filter_map(|(axis, at)| axis.values[at].endpoints.as_ref());
            for endpoints in variant.endpoints.iter().chain(values) {
                let has = |model: &usize| {
                    self.list[*model].endpoints.iter().any(|endpoint| endpoints.contains(endpoint))
                };
                // The config was checked for endpoints; two of them may prove to have one model.
                if meant.iter().any(has) {
                    meant.retain(has);
                }
            }
        }
        self.one_of(&meant, |key| {
            let seed = recipe.config.seed.to_le_bytes();
            hash64(&[b"model", &seed, &place.id.0, &ask.to_le_bytes(), key])
        })
    }

    /// Whether a model may be asked for texts: by its weight, or since a variant or a value names it.
    pub fn writes(&self, recipe: &Recipe, model: usize) -> bool {
        let Model { weight, endpoints, .. } = &self.list[model];
        let config = &recipe.config;
        let variants = config.prompt.user.iter().map(|variant| &variant.endpoints);
        let values = config.axes.iter().flat_map(|axis| &axis.values).map(|value| &value.endpoints);
        let named = variants.chain(values).flatten().flatten();
        let weighs = self.list.iter().any(|model| model.weight > 0.0);
        *weight > 0.0 || !weighs || named.into_iter().any(|named| endpoints.contains(named))
    }

    /// The model that judges for the `number`-th time, as an index into `list`: among those that the
    /// judge names, or else all, one by weight.
    pub fn judging(&self, recipe: &Recipe, judge: usize, cell: usize, number: u32) -> usize {
        if self.list.len() == 1 {
            return 0;
        }
        let named = recipe.config.checks.judges[judge].endpoints.as_ref();
        let meant = self.with_any(named);
        let place = recipe.grid.cell(cell);
        self.one_of(&meant, |key| {
            let seed = recipe.config.seed.to_le_bytes();
            hash64(&[b"judging", &seed, &place.id.0, &number.to_le_bytes(), key])
        })
    }

    /// The model that is asked about names in doubt, as an index into `list`: among those that
    /// `anonymize.second_look` names, or else all, one by weight.
    pub fn looking(&self, recipe: &Recipe, cell: usize) -> usize {
        if self.list.len() == 1 {
            return 0;
        }
        let named = recipe.config.anonymize.second_look.as_ref().and_then(|look| look.endpoints.as_ref());
        let meant = self.with_any(named);
        let place = recipe.grid.cell(cell);
        self.one_of(&meant, |key| {
            let seed = recipe.config.seed.to_le_bytes();
            hash64(&[b"names", &seed, &place.id.0, key])
        })
    }

    /// What the request about the names in a text of a cell shares with others.
    pub fn looking_frame(&self, recipe: &Recipe, cell: usize) -> &Frame {
        &self.list[self.looking(recipe, cell)].names
    }

    /// An endpoint that may be sent a text for its names in doubt and must not see it: of another machine, with
    /// the model of one that is meant.
    pub fn oversees<'a>(&self, config: &'a Config) -> Option<&'a Endpoint> {
        let look = config.anonymize.second_look.as_ref()?;
        let meant = self.with_any(look.endpoints.as_ref()).into_iter().map(|model| &self.list[model]);
        let asked = meant.filter(|model| model.weight > 0.0 || look.endpoints.is_some());
        let mut all = asked.flat_map(|model| &model.endpoints).map(|endpoint| &config.endpoints[*endpoint]);
        all.find(|endpoint| !look.may_see(endpoint))
    }

    /// The models, as indices, that have one of some endpoints; all where none are named.
    fn with_any(&self, named: Option<&Vec<usize>>) -> Vec<usize> {
        let has = |model: &Model| {
            named.is_none_or(|named| model.endpoints.iter().any(|endpoint| named.contains(endpoint)))
        };
        (0..self.list.len()).filter(|model| has(&self.list[*model])).collect()
    }

    /// The model that embeds, as an index into `list`: one for all texts, since vectors of several cannot
    /// be compared.
    pub fn embedding(&self, recipe: &Recipe) -> usize {
        let Some(semantic) = &recipe.config.dedup.semantic else { return 0 };
        let meant = self.with_any(Some(&semantic.endpoints));
        match meant.is_empty() {
            true => 0,
            false => self.one_of(&meant, |key| hash64(&[b"embedding", key])),
        }
    }

    /// The model that a demand is for, as an index into `list`.
    pub fn of_demand(&self, recipe: &Recipe, demand: &Demand) -> usize {
        let Demand { cell, ask, about, .. } = *demand;
        match about {
            None => self.of(recipe, cell, ask),
            Some(About { to: To::Names, .. }) => self.looking(recipe, cell),
            Some(About { to: To::Embedder, .. }) => self.embedding(recipe),
            Some(About { to: To::Judge(judge), number, .. }) => {
                self.judging(recipe, judge.into(), cell, number.into())
            }
        }
    }

    /// One of some models, by weight.
    fn one_of(&self, meant: &[usize], hash: impl Fn(&[u8]) -> u64) -> usize {
        let weighs = meant.iter().any(|model| self.list[*model].weight > 0.0);
        let scores = meant.iter().map(|model| {
            let Model { choice, weight, .. } = &self.list[*model];
            weighted_score(hash(choice), if weighs { *weight } else { 1.0 })
        });
        meant[best(scores)]
    }

    /// The name that rows show for an ask's model.
    pub fn name_of(&self, recipe: &Recipe, cell: usize, ask: u32) -> &str {
        self.list[self.of(recipe, cell, ask)].identity.display_name()
    }

    /// The names of all, for messages; `None` where nothing is known.
    pub fn names(&self) -> Option<String> {
        let mut names: Vec<&str> = self.list.iter().map(|model| model.identity.display_name()).collect();
        names.sort_unstable();
        names.dedup();
        Some(names.join(", ")).filter(|names| !names.is_empty())
    }
}
