//! Code without its comments and literals.

/// `text` with a blank for each character of a comment, a string or a character literal.
pub(crate) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = literal_or_comment(rest, code.ends_with(|c: char| c.is_alphanumeric()));
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            let blanks = rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' });
            code.extend(blanks);
            rest = &rest[skipped..];
        }
    }
    code
}

/// How many octets of `rest` are a comment or a literal that starts there.
fn literal_or_comment(rest: &str, in_word: bool) -> usize {
    let until = |from: usize, end: &str| {
        rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    if rest.starts_with('"') {
        return quoted(rest);
    }
    if !in_word && rest.starts_with("r\"") {
        return until(2, "\"");
    }
    if !in_word && rest.starts_with("r#") {
        let hashes = rest[1..].bytes().take_while(|b| *b == b'#').count();
        let opens = rest[1 + hashes..].starts_with('"');
        let end = format!("\"{}", "#".repeat(hashes));
        return if opens { until(2 + hashes, &end) } else { 0 };
    }
    if let Some(after) = rest.strip_prefix('\'') {
        let mut chars = after.chars();
        return match (chars.next(), chars.next()) {
            (Some('\\'), Some(escaped)) => until(2 + escaped.len_utf8(), "'"),
            (Some(c), Some('\'')) => 2 + c.len_utf8(),
            _ => 0,
        };
    }
    0
}

/// Length of the string literal that `rest` starts with.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Length of the block comment, perhaps with others in it, that `rest` starts with.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        let step = if here.starts_with(b"/*") || here.starts_with(b"*/") { 2 } else { 1 };
        match here.first_chunk::<2>() {
            Some(b"/*") => depth += 1,
            Some(b"*/") => depth -= 1,
            _ => {}
        }
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}
