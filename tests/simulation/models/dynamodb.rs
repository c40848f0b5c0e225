//! Tables: items by key, conditional writes, and ranges that are read page by page.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::expression::{Item, Placeholders, holds, update};
use crate::wire::Reply;

/// The partition key and the sort key. The sort key is empty if the table has none.
pub(crate) type Key = (String, String);

/// A table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    key: &'static [&'static str],
    pub(crate) items: BTreeMap<Key, Item>,
}

impl Table {
    pub(crate) fn new(key: &'static [&'static str]) -> Table {
        Table { key, items: BTreeMap::new() }
    }

    fn key_of(&self, item: &Value) -> Key {
        let part = |place: usize| match self.key.get(place) {
            Some(&name) => item[name]["S"].as_str().expect("a key of text").to_owned(),
            None => String::new(),
        };
        (part(0), part(1))
    }

    /// Returns the key of the one item that a request writes.
    pub(crate) fn written_key(&self, request: &Value) -> Key {
        self.key_of(if request["Item"].is_object() { &request["Item"] } else { &request["Key"] })
    }

    pub(crate) fn get_item(&self, request: &Value) -> Reply {
        only(request, &["TableName", "Key", "ConsistentRead"]);
        assert_eq!(request["ConsistentRead"], true, "reads must see the newest write");
        match self.items.get(&self.key_of(&request["Key"])) {
            Some(item) => Reply::json(&json!({ "Item": item })),
            None => Reply::json(&json!({})),
        }
    }

    pub(crate) fn put_item(&mut self, request: &Value) -> Reply {
        only(request, &[&["TableName", "Item"], CONDITIONAL].concat());
        let key = self.written_key(request);
        if let Some(refused) = refusal(request, self.items.get(&key)) {
            return refused;
        }
        self.items.insert(key, object(&request["Item"]));
        Reply::json(&json!({}))
    }

    pub(crate) fn update_item(&mut self, request: &Value) -> Reply {
        let own = &["TableName", "Key", "UpdateExpression", "ReturnValues"];
        only(request, &[own, CONDITIONAL].concat());
        let key = self.written_key(request);
        let before = self.items.get(&key);
        if let Some(refused) = refusal(request, before) {
            return refused;
        }
        let mut item = before.cloned().unwrap_or_else(|| object(&request["Key"]));
        let expression = request["UpdateExpression"].as_str().expect("an update");
        update(expression, &mut item, Placeholders::of(request));
        let answer = match request["ReturnValues"].as_str() {
            None | Some("NONE") => json!({}),
            Some("ALL_NEW") => json!({ "Attributes": item }),
            Some(other) => panic!("the simulation does not support {other}"),
        };
        self.items.insert(key, item);
        Reply::json(&answer)
    }

    /// Reads at most `page` items. A page may be empty before the end of the range.
    pub(crate) fn query(&self, request: &Value, page: usize) -> Reply {
        let own = [
            "TableName",
            "KeyConditionExpression",
            "ConsistentRead",
            "ExclusiveStartKey",
            CAPACITY,
        ];
        only(request, &[&own, PLACEHOLDERS].concat());
        assert_eq!(request["ConsistentRead"], true, "reads must see the newest write");
        let condition = request["KeyConditionExpression"].as_str();
        assert_eq!(condition, Some("#pk = :pk AND #sk BETWEEN :first AND :last"));
        let placeholders = Placeholders::of(request);
        assert_eq!([placeholders.name("#pk"), placeholders.name("#sk")], self.key);
        let text = |name| placeholders.value(name)["S"].as_str().expect("text").to_owned();
        let (first, last_key) = ((text(":pk"), text(":first")), (text(":pk"), text(":last")));
        let start = &request["ExclusiveStartKey"];
        let after = start.is_object().then(|| self.key_of(start));
        let mut found = self.items.range(first..=last_key);
        let mut found = found.by_ref().filter(|(key, _)| Some(*key) > after.as_ref()).peekable();
        let items: Vec<&Item> = found.by_ref().take(page).map(|(_, item)| item).collect();
        let mut answer = json!({ "Items": items, "Count": items.len() });
        let last = items.last().map(|item| {
            let key = self.key.iter().map(|&name| (name.to_owned(), item[name].clone()));
            Value::Object(key.collect())
        });
        answer["LastEvaluatedKey"] = match last {
            Some(last) if found.peek().is_some() => last,
            None if page == 0 && start.is_object() => start.clone(),
            None if page == 0 => json!({ "pk": { "S": text(":pk") }, "sk": { "S": "" } }),
            Some(_) | None => return Reply::json(&answer),
        };
        Reply::json(&answer)
    }

    /// Applies the first `most` writes of a batch and returns the rest as unprocessed.
    pub(crate) fn batch_write_item(&mut self, request: &Value, most: usize) -> Reply {
        only(request, &["RequestItems", CAPACITY]);
        let tables = request["RequestItems"].as_object().expect("tables");
        let (name, writes) = tables.iter().next().expect("a table");
        let writes = writes.as_array().expect("writes");
        assert!(tables.len() == 1 && (1..=25).contains(&writes.len()), "invalid batch: {request}");
        let (taken, others) = writes.split_at(most.min(writes.len()));
        for write in taken {
            if let Some(put) = write.get("PutRequest") {
                self.items.insert(self.key_of(&put["Item"]), object(&put["Item"]));
            } else {
                self.items.remove(&self.key_of(&write["DeleteRequest"]["Key"]));
            }
        }
        let mut back = Map::new();
        if !others.is_empty() {
            back.insert(name.clone(), others.into());
        }
        Reply::json(&json!({ "UnprocessedItems": back }))
    }
}

/// The response to a throttled request.
pub(crate) fn throttled() -> Reply {
    refused("ProvisionedThroughputExceededException", None)
}

/// Asks for the consumed capacity. Only operators use that, so the model ignores it.
const CAPACITY: &str = "ReturnConsumedCapacity";
const PLACEHOLDERS: &[&str] = &["ExpressionAttributeNames", "ExpressionAttributeValues"];
const CONDITIONAL: &[&str] = &[
    "ConditionExpression",
    "ReturnValuesOnConditionCheckFailure",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
];

fn refusal(request: &Value, item: Option<&Item>) -> Option<Reply> {
    let condition = request["ConditionExpression"].as_str()?;
    if holds(condition, item, Placeholders::of(request)) {
        return None;
    }
    let all_old = request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD";
    Some(refused("ConditionalCheckFailedException", item.filter(|_| all_old)))
}

fn refused(name: &str, item: Option<&Item>) -> Reply {
    let mut body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": "refused",
    });
    if let Some(item) = item {
        body["Item"] = Value::Object(item.clone());
    }
    Reply { status: 400, ..Reply::json(&body) }
}

/// Panics if a request uses a feature that the model would silently ignore.
fn only(request: &Value, known: &[&str]) {
    for name in request.as_object().expect("a request").keys() {
        assert!(
            known.contains(&name.as_str()),
            "the simulation does not support {name}: {request}"
        );
    }
}

fn object(value: &Value) -> Item {
    value.as_object().expect("an item").clone()
}
