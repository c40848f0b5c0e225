//! DynamoDB condition and update expressions.

use serde_json::{Map, Value};

/// Attributes by name, each such as `{"S": "..."}`, `{"N": "..."}` or `{"L": [{"M": {...}}]}`.
pub(crate) type Item = Map<String, Value>;

/// Resolves the `#name` and `:value` placeholders of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placeholders<'a> {
    names: &'a Value,
    values: &'a Value,
}

impl<'a> Placeholders<'a> {
    pub(crate) fn of(request: &'a Value) -> Placeholders<'a> {
        Placeholders {
            names: &request["ExpressionAttributeNames"],
            values: &request["ExpressionAttributeValues"],
        }
    }

    pub(crate) fn name(self, placeholder: &str) -> &'a str {
        self.names[placeholder].as_str().unwrap_or_else(|| panic!("no name {placeholder}"))
    }

    pub(crate) fn value(self, placeholder: &str) -> &'a Value {
        let value = &self.values[placeholder];
        assert!(value.is_object(), "no value {placeholder}");
        value
    }
}

/// Whether an item meets a condition. The item may be missing.
pub(crate) fn holds(condition: &str, item: Option<&Item>, placeholders: Placeholders) -> bool {
    let mut reader = Reader { tokens: tokens(condition), place: 0, item, placeholders };
    let holds = reader.any();
    assert_eq!(reader.place, reader.tokens.len(), "unknown rest of the condition: {condition}");
    holds
}

/// Applies an update expression with `SET` and `ADD`.
pub(crate) fn update(expression: &str, item: &mut Item, placeholders: Placeholders) {
    let tokens = tokens(expression);
    let mut clause = "";
    let mut rest = &tokens[..];
    while let Some((first, after)) = rest.split_first() {
        rest = match (first.as_str(), after) {
            ("SET" | "ADD" | "REMOVE", _) => {
                clause = first;
                after
            }
            (",", _) => after,
            (name, [equals, value, after @ ..]) if clause == "SET" && equals == "=" => {
                let value = placeholders.value(value).clone();
                item.insert(placeholders.name(name).to_owned(), value);
                after
            }
            (name, [value, after @ ..]) if clause == "ADD" => {
                let name = placeholders.name(name);
                let sum = item.get(name).map_or(0, number) + number(placeholders.value(value));
                item.insert(name.to_owned(), serde_json::json!({ "N": sum.to_string() }));
                after
            }
            (name, after) if clause == "REMOVE" => {
                item.remove(placeholders.name(name));
                after
            }
            _ => panic!("the simulation does not support {expression}"),
        };
    }
}

/// Reads a number.
pub(crate) fn number(value: &Value) -> i128 {
    value["N"].as_str().expect("a number").parse().unwrap()
}

fn tokens(expression: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut begins = true;
    for letter in expression.chars() {
        let is_word = letter.is_alphanumeric() || "#:_".contains(letter);
        let is_sign = |token: &String| token == "<" || token == ">";
        match tokens.last_mut() {
            Some(last) if is_word && !begins => last.push(letter),
            Some(last) if "=>".contains(letter) && is_sign(last) && !begins => last.push(letter),
            _ if letter.is_whitespace() => {}
            _ => tokens.push(letter.to_string()),
        }
        begins = !(is_word || "<>".contains(letter));
    }
    tokens
}

/// Reads a condition by recursive descent.
struct Reader<'a> {
    tokens: Vec<String>,
    place: usize,
    item: Option<&'a Item>,
    placeholders: Placeholders<'a>,
}

impl Reader<'_> {
    fn next_is(&mut self, token: &str) -> bool {
        let is = self.tokens.get(self.place).is_some_and(|next| next == token);
        self.place += usize::from(is);
        is
    }

    fn next(&mut self) -> String {
        self.place += 1;
        self.tokens.get(self.place - 1).expect("the condition is incomplete").clone()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.next_is(token), "{token} is missing in {:?}", self.tokens);
    }

    fn any(&mut self) -> bool {
        let mut holds = self.all();
        while self.next_is("OR") {
            // Both sides are read, whatever the value of the first.
            holds = self.all() || holds;
        }
        holds
    }

    fn all(&mut self) -> bool {
        let mut holds = self.one();
        while self.next_is("AND") {
            holds = self.one() && holds;
        }
        holds
    }

    fn one(&mut self) -> bool {
        if self.next_is("NOT") {
            return !self.one();
        }
        if self.next_is("(") {
            let holds = self.any();
            self.expect(")");
            return holds;
        }
        let exists = self.next_is("attribute_exists");
        if exists || self.next_is("attribute_not_exists") {
            self.expect("(");
            let name = self.next();
            self.expect(")");
            return self.attribute(&name).is_some() == exists;
        }
        self.comparison()
    }

    /// A comparison with a missing attribute is false.
    fn comparison(&mut self) -> bool {
        let (name, sign) = (self.next(), self.next());
        let operand = self.next();
        let operand = self.placeholders.value(&operand);
        let Some(attribute) = self.attribute(&name) else {
            return sign == "<>";
        };
        let order = match (attribute["S"].as_str(), operand["S"].as_str()) {
            (Some(text), Some(other)) => text.cmp(other),
            (None, None) => number(attribute).cmp(&number(operand)),
            _ => return sign == "<>",
        };
        match sign.as_str() {
            "=" => order.is_eq(),
            "<>" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            _ => panic!("the simulation does not support {sign}"),
        }
    }

    fn attribute(&self, name: &str) -> Option<&Value> {
        self.item?.get(self.placeholders.name(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_hold_as_in_dynamodb() {
        check("attribute_not_exists(#lease) OR #lease <= :now", true);
        check("#state = :running AND (#lease <= :now OR #owner = :me) AND #n >= :two", true);
        check("#state = :running AND (#lease <= :now OR #owner = :me) AND #n > :two", false);
        check("#n >= :ten", false);
        check("#lease <= :now", false);
        check("NOT attribute_exists(#lease)", true);
        check("#owner <> :running", true);
    }

    #[test]
    fn updates_set_and_add() {
        let request = request();
        let mut item = item();
        update(
            "SET #owner = :running, #lease = :two ADD #n :ten",
            &mut item,
            placeholders(&request),
        );
        let expected = json!({
            "state": { "S": "Running" }, "owner": { "S": "Running" },
            "n": { "N": "12" }, "lease": { "N": "2" },
        });
        assert_eq!(Value::Object(item), expected);
    }

    #[track_caller]
    fn check(condition: &str, expected: bool) {
        let request = request();
        assert_eq!(holds(condition, Some(&item()), placeholders(&request)), expected);
    }

    fn item() -> Item {
        let item =
            json!({ "state": { "S": "Running" }, "owner": { "S": "me" }, "n": { "N": "2" } });
        item.as_object().unwrap().clone()
    }

    fn request() -> Value {
        json!({
            "ExpressionAttributeNames":
                { "#lease": "lease", "#state": "state", "#owner": "owner", "#n": "n" },
            "ExpressionAttributeValues": {
                ":now": { "N": "5" }, ":running": { "S": "Running" }, ":me": { "S": "me" },
                ":two": { "N": "2" }, ":ten": { "N": "10" },
            },
        })
    }

    fn placeholders(request: &Value) -> Placeholders<'_> {
        Placeholders::of(request)
    }
}
