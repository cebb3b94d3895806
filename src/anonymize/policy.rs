//! Which action each category gets.

use super::category::{Action, Category};
use crate::config::resolved::Anonymize;

/// Actions that go together under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Preset {
    /// Names become `Person A`; structured kinds and identity terms are masked; a text that is little
    /// more than its masks is dropped.
    Strict,
    /// Everything is recorded and nothing changed.
    Tag,
    Off,
}

impl Preset {
    pub const ALL: [Self; 3] = [Self::Strict, Self::Tag, Self::Off];

    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Tag => "tag",
            Self::Off => "off",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }
}

/// An action for every category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Policy {
    actions: [Action; Category::ALL.len()],
    /// Whether a text of which masks leave nothing to read is dropped.
    pub drop_emptied: bool,
}

/// Pseudonyms were asked for without a secret to key them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("pseudonyms need a secret, so that nobody can find the names again by trying them")]
pub struct KeyMissing;

impl From<Preset> for Policy {
    fn from(preset: Preset) -> Self {
        let action = match preset {
            Preset::Strict => Action::Mask,
            Preset::Tag => Action::Tag,
            Preset::Off => Action::Keep,
        };
        let mut policy =
            Self { actions: [action; Category::ALL.len()], drop_emptied: preset == Preset::Strict };
        if preset == Preset::Strict {
            policy.set(Category::Name, Action::Person);
        }
        policy
    }
}

impl From<&Anonymize> for Policy {
    fn from(config: &Anonymize) -> Self {
        let mut policy = Self::from(Preset::parse(&config.preset).unwrap_or(Preset::Off));
        for (category, action) in &config.actions {
            if let (Some(category), Some(action)) = (Category::parse(category), Action::parse(action)) {
                policy.set(category, action);
            }
        }
        policy
    }
}

impl Policy {
    pub fn action(&self, category: Category) -> Action {
        self.actions[category as usize]
    }

    /// Gives a category its action. `person` and `pseudonym` are for names; elsewhere they mask.
    pub fn set(&mut self, category: Category, action: Action) {
        let names = category == Category::Name;
        self.actions[category as usize] = if action.names_only() && !names { Action::Mask } else { action };
    }

    pub fn asks_for(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }

    /// Whether it leaves every text as it is and records nothing.
    pub fn is_off(&self) -> bool {
        self.actions.iter().all(|&action| action == Action::Keep)
    }
}
