//! What a server's answers call its model.

/// So many names of one model tell nothing any more.
const MANY: usize = 8;

/// Names under which a server answered with the model that a run is for.
///
/// A router may name a snapshot, and another one now and then.
#[derive(Debug, Default)]
pub struct Names(Vec<Box<str>>);

impl Names {
    /// Whether a name is to be taken down.
    pub fn is_new(&self, name: &str) -> bool {
        self.0.len() < MANY && !self.is_known(name)
    }

    /// Whether a name is another than those of the answers before it, so that the model may be another.
    pub fn is_strange(&self, name: &str) -> bool {
        !self.0.is_empty() && self.is_new(name)
    }

    /// Takes down that the model answers under a name.
    pub fn learn(&mut self, name: &str) {
        if self.is_new(name) {
            self.0.push(name.into());
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.0.iter().any(|known| **known == *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_strange_until_it_is_known_and_many_tell_nothing() {
        let mut names = Names::default();
        assert!(!names.is_strange("a"), "the first says what it is called");
        names.learn("a");
        assert!(names.is_strange("b") && !names.is_strange("a"));
        names.learn("b");
        assert!(!names.is_strange("b") && !names.is_strange("a"));
        let looks = (0..100).map(|n: u32| n.to_string()).filter(|name| {
            let is_strange = names.is_strange(name);
            names.learn(name);
            is_strange
        });
        assert_eq!(looks.count(), MANY - 2);
    }
}
