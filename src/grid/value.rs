//! A value of an axis, as templates and rules see it.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, Serde};

use crate::config::resolved::AxisValue;

/// Prints as its name; `.name` and its attributes can be read.
#[derive(Debug)]
pub struct ValueObject {
    name: String,
    as_value: Value,
    attributes: Vec<(String, Value)>,
}

impl ValueObject {
    pub fn new(value: &AxisValue) -> Self {
        Self {
            name: value.name.clone(),
            as_value: Value::from(value.name.as_str()),
            attributes: value
                .attributes
                .iter()
                .map(|(name, value)| (name.clone(), Value::from(Serde(value))))
                .collect(),
        }
    }

    /// Its share relative to the other values': the attribute `weight`, by default 1.
    pub fn weight(&self) -> f64 {
        let weight = self.attributes.iter().find(|(name, _)| name == "weight");
        let number = weight.and_then(|(_, value)| f64::try_from(value.clone()).ok());
        number.filter(|weight| weight.is_finite() && *weight >= 0.0).unwrap_or(1.0)
    }

    /// Whether an attribute is this text.
    pub fn says(&self, text: &str) -> bool {
        self.attributes.iter().any(|(_, value)| value.as_str() == Some(text))
    }

    /// An attribute that is a text.
    pub fn text(&self, attribute: &str) -> Option<String> {
        let value = self.attributes.iter().find(|(name, _)| name == attribute)?;
        value.1.as_str().map(str::to_owned)
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn attribute_names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }
}

impl Object for ValueObject {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == "name" {
            return Some(self.as_value.clone());
        }
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.attribute_names().map(Value::from);
        Enumerator::Values(std::iter::once(Value::from("name")).chain(names).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
