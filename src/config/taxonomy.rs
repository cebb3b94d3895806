//! The taxonomies inside the binary.

const BUILT_IN: &[(&str, &str)] = &[
    ("goemotions", include_str!("taxonomies/goemotions.yaml")),
    ("ekman", include_str!("taxonomies/ekman.yaml")),
    ("contexts", include_str!("taxonomies/contexts.yaml")),
    ("sentiments", include_str!("taxonomies/sentiments.yaml")),
];

/// The text of a built-in taxonomy.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names of all that are built in.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|(name, _)| *name)
}
