//! Texts as sparse rows.

/// One text: the numbers of its n-grams in rising order, and the weight of each, from 0 to 1.
#[derive(Debug, Clone, Default)]
pub struct Row {
    pub ids: Vec<u32>,
    pub values: Vec<f32>,
}

/// Many rows, one after the other, with weights in 65,535ths: 6 bytes an entry.
#[derive(Debug, Default)]
pub struct Matrix {
    ids: Vec<u32>,
    values: Vec<u16>,
    ends: Vec<usize>,
}

/// What a weight is multiplied by to be kept.
const SCALE: f32 = 65_535.0;

impl Matrix {
    pub fn push(&mut self, row: &Row) {
        self.ids.extend_from_slice(&row.ids);
        self.values.extend(row.values.iter().map(|value| (value * SCALE).round() as u16));
        self.ends.push(self.ids.len());
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The n-grams of a row with their weights.
    pub fn row(&self, row: usize) -> impl Iterator<Item = (usize, f32)> + Clone {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        let part = start..self.ends[row];
        let ids = self.ids[part.clone()].iter().map(|id| *id as usize);
        ids.zip(self.values[part].iter().map(|value| f32::from(*value) * (1.0 / SCALE)))
    }
}
