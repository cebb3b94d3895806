//! Keys about what is taken out of texts.

use super::{Kind, Section, key, second};

const CATEGORIES: Kind = Kind::List(&Kind::Word(super::super::anonymize::CATEGORIES));
const NAMES: Kind = Kind::List(&Kind::Word(&["NAME"]));

pub static ANONYMIZE: Section = Section {
    needs: &[],
    keys: &[
        key(
            "preset",
            Kind::Word(&["strict", "tag", "off"]),
            "off",
            "What holds for the categories that no action names.",
        ),
        key("keep", CATEGORIES, "", "Categories that are not looked for."),
        key("tag", CATEGORIES, "", "Categories that are recorded in `spans` and stay."),
        key("mask", CATEGORIES, "", "Categories that are replaced by `[NAME]`, `[PHONE]` and so on."),
        key("drop", CATEGORIES, "", "Categories whose texts are rejected."),
        key("person", NAMES, "", "Names become `Person A`, `Person B`: one letter for one name in a text."),
        key(
            "pseudonym",
            NAMES,
            "",
            "Names become others of the same culture and gender, always the same under one key.",
        ),
        key("key_env", Kind::Text, "", "The environment variable that holds the key of the pseudonyms."),
        second::SECOND_LOOK,
    ],
};
