//! A resolved config with names where it has the numbers of axes and values.

use serde_json::{Value, json};

/// The same config, whatever the order of its axes and of their values is.
pub fn by_name(mut config: Value) -> Value {
    let axes = config["axes"].take();
    for rules in ["exclude", "only"] {
        for rule in config.get_mut(rules).and_then(Value::as_array_mut).into_iter().flatten() {
            rule["values"] = named_rule(&rule["values"], &axes);
        }
    }
    if let Some(balance) = config.pointer_mut("/samples/balance") {
        let mut names: Vec<Value> =
            balance.as_array().into_iter().flatten().map(|axis| name(&axes, axis)).collect();
        names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        *balance = names.into();
    }
    for path in ["/checks/sentiment/axis", "/checks/label/axis"] {
        if let Some(axis) = config.pointer_mut(path) {
            *axis = name(&axes, axis);
        }
    }
    for judge in config.pointer_mut("/checks/judges").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(axis) = judge.pointer_mut("/blind/label/axis") {
            *axis = name(&axes, axis);
        }
    }
    config["axes"] = axes;
    config
}

/// By axis the names that match, for `[[axis, [value …]] …]`.
fn named_rule(values: &Value, axes: &Value) -> Value {
    let mut out = json!({});
    for part in values.as_array().into_iter().flatten() {
        let values = part[0].as_u64().map_or(&Value::Null, |axis| &axes[axis as usize]["values"]);
        let mut names: Vec<Value> =
            part[1].as_array().into_iter().flatten().map(|value| name(values, value)).collect();
        names.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        if let Some(axis) = name(axes, &part[0]).as_str() {
            out[axis] = names.into();
        }
    }
    out
}

/// The name of what has a number in a list; the number where there is none.
fn name(list: &Value, number: &Value) -> Value {
    let found = number.as_u64().and_then(|at| list.get(at as usize)?.get("name"));
    found.unwrap_or(number).clone()
}
