//! How the file at hand is written, so that new lines look like their neighbours.

use crate::manifest::emit::BlockLayout;
use crate::manifest::lex::column;
use crate::manifest::node::{Kind, Node};
use crate::manifest::stream::Stream;

/// `\r\n` where the first line ends with it.
pub(super) fn line_end(source: &str) -> &'static str {
    match source.find('\n') {
        Some(at) if at > 0 && source.as_bytes()[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}

/// The indentation of an object, by its first nested mapping and its first list.
pub(super) fn block_layout(stream: &Stream, object: Node<'_>) -> BlockLayout {
    let source = stream.source();
    let (mut step, mut list_step) = (None, None);
    let mut below = object.children().collect::<Vec<_>>();
    below.reverse();
    while let Some(node) = below.pop() {
        let block = matches!(node.kind(), Kind::Mapping | Kind::Sequence) && !node.is_flow();
        if !block || (step.is_some() && list_step.is_some()) {
            continue;
        }
        let parent = Node {
            id: node.data().parent,
            ..node
        };
        if parent.kind() == Kind::Mapping && !parent.is_flow() {
            let deeper =
                column(source, node.span().start).checked_sub(column(source, parent.span().start));
            match node.kind() {
                Kind::Mapping => step = step.or(deeper.filter(|blanks| (1..=8).contains(blanks))),
                _ => list_step = list_step.or(deeper.filter(|blanks| (0..=8).contains(blanks))),
            }
        }
        let children: Vec<_> = node.children().collect();
        below.extend(children.into_iter().rev());
    }
    let step = step.or(list_step.filter(|blanks| *blanks > 0)).unwrap_or(2);
    BlockLayout {
        line_end: line_end(source),
        step,
        list_step: list_step.unwrap_or(0),
    }
}
