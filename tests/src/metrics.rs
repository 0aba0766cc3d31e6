//! Metrics as a scraper reads them, in the text format of Prometheus and OpenMetrics.

use std::collections::BTreeMap;

/// One scrape.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    samples: Vec<Sample>,
    text: String,
}

#[derive(Clone, Debug)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

impl Metrics {
    /// Reads a scrape.
    ///
    /// # Panics
    ///
    /// If a line is not in the format.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let samples = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                Sample::parse(line).unwrap_or_else(|| panic!("this is no metric: `{line}`"))
            })
            .collect();
        Self {
            samples,
            text: text.to_owned(),
        }
    }

    /// Adds up the samples of this name that have these labels, among others; none make zero.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            let mut labels = labels.iter();
            sample.name == name
                && labels.all(|(label, value)| {
                    sample.labels.get(*label).map(String::as_str) == Some(value)
                })
        };
        self.samples
            .iter()
            .filter(has)
            .map(|sample| sample.value)
            .sum()
    }

    /// Tells whether there is a sample of this name.
    pub fn has(&self, name: &str) -> bool {
        self.samples.iter().any(|sample| sample.name == name)
    }

    /// Returns the names of all samples, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.samples.iter().map(|s| s.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns the scrape as it was.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Sample {
    fn parse(line: &str) -> Option<Self> {
        let (name, rest) = line.split_at(line.find(['{', ' '])?);
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(rest) => {
                // A value may hold a brace; what follows the last one is a number.
                let (labels, rest) = rest.split_at(rest.rfind('}')?);
                (parse_labels(labels)?, &rest[1..])
            }
            None => (BTreeMap::new(), rest),
        };
        let value = rest.split_whitespace().next()?.parse().ok()?;
        let name = name.to_owned();
        Some(Self {
            name,
            labels,
            value,
        })
    }
}

fn parse_labels(mut text: &str) -> Option<BTreeMap<String, String>> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (label, rest) = text.split_once("=\"")?;
        let mut value = String::new();
        let mut characters = rest.char_indices();
        let end = loop {
            match characters.next()? {
                (end, '"') => break end,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    other => value.push(other),
                },
                (_, other) => value.push(other),
            }
        };
        labels.insert(label.to_owned(), value);
        let rest = &rest[end + 1..];
        text = rest.strip_prefix(',').unwrap_or(rest);
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_the_samples_that_have_the_labels() {
        let metrics = Metrics::parse(
            "# HELP n x\nn_total{a=\"1\",b=\"x\"} 2\nn_total{a=\"1\",b=\"},\\\"y\"} 3.5 1700\nn_total{a=\"2\"} 4\nup 1\n",
        );
        assert_eq!(metrics.sum("n_total", &[("a", "1")]), 5.5);
        assert_eq!(metrics.sum("n_total", &[("b", "},\"y")]), 3.5);
        assert_eq!(metrics.sum("n_total", &[]), 9.5);
        assert_eq!(metrics.names(), ["n_total", "up"]);
        assert!(metrics.has("up") && metrics.sum("absent", &[]) == 0.0);
    }
}
