//! One write: of a request, of a batch or of a transaction.

use serde_json::Value;

use super::item_size::{Item, item_size};
use super::tables::Tables;
use super::units::{MAX_ITEM_BYTES, write_units};

/// What is done to one item.
#[derive(Debug)]
pub struct Action {
    /// Whose.
    pub table: String,
    /// The item's key, with or without other attributes.
    pub keyed: Item,
    change: Change,
}

#[derive(Debug)]
enum Change {
    Put,
    Delete,
    Update(Value),
    Check,
}

impl Action {
    /// Reads one of `Put`, `Delete`, `Update` and `ConditionCheck`, as transactions name them.
    pub fn read(name: &str, mut request: Value) -> Action {
        let table = request["TableName"].as_str().unwrap().to_owned();
        let part = if name == "Put" { "Item" } else { "Key" };
        let keyed = object(request[part].take());
        let change = match name {
            "Put" => Change::Put,
            "Delete" => Change::Delete,
            "Update" => Change::Update(request),
            "ConditionCheck" => Change::Check,
            _ => panic!("the meter knows no action {name}"),
        };
        Action { table, keyed, change }
    }

    /// Reads one of a batch.
    pub fn of_batch(table: &str, mut request: Value) -> Action {
        let table = table.to_owned();
        if request.get("PutRequest").is_some() {
            let keyed = object(request["PutRequest"]["Item"].take());
            return Action { table, keyed, change: Change::Put };
        }
        let keyed = object(request["DeleteRequest"]["Key"].take());
        Action { table, keyed, change: Change::Delete }
    }

    /// Returns the write units, which the larger of the item before and after sets, and takes down
    /// the change if it `happened`.
    pub fn bill(self, tables: &mut Tables, happened: bool) -> u64 {
        let before = tables.item_like(&self.table, &self.keyed);
        let size_before = before.map_or(0, item_size);
        let after = match self.change {
            Change::Put => Some(self.keyed.clone()),
            Change::Delete => None,
            Change::Update(request) => {
                Some(updated(before.unwrap_or(&self.keyed).clone(), &request))
            }
            Change::Check => before.cloned(),
        };
        let size_after = after.as_ref().map_or(0, item_size);
        assert!(size_after <= MAX_ITEM_BYTES, "an item of {size_after} bytes is too large");
        if happened {
            tables.set(&self.table, &self.keyed, after);
        }
        write_units(size_before.max(size_after))
    }
}

/// Follows an update expression of the form in which this system has them:
/// `SET #a = :a, #b = :b ADD #n :n`, the second part only if need be.
fn updated(mut item: Item, request: &Value) -> Item {
    let expression = request["UpdateExpression"].as_str().unwrap();
    let name = |name: &str| request["ExpressionAttributeNames"][name].as_str().unwrap().to_owned();
    let value = |name: &str| request["ExpressionAttributeValues"][name].clone();
    let (set, add) = expression.split_once(" ADD ").unwrap_or((expression, ""));
    let set = set.strip_prefix("SET ").expect("the meter knows updates that SET");
    for assignment in set.split(", ") {
        let (attribute, assigned) = assignment.split_once(" = ").unwrap();
        item.insert(name(attribute), value(assigned));
    }
    for addition in add.split(", ").filter(|addition| !addition.is_empty()) {
        let (attribute, added) = addition.split_once(' ').unwrap();
        let number = |value: &Value| value["N"].as_str().map_or(0, |text| text.parse().unwrap());
        let attribute = name(attribute);
        let sum: i64 = item.get(&attribute).map_or(0, number) + number(&value(added));
        item.insert(attribute, serde_json::json!({ "N": sum.to_string() }));
    }
    item
}

/// Takes a JSON object as an item.
pub fn object(value: Value) -> Item {
    match value {
        Value::Object(item) => item,
        other => panic!("not an object: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_put_costs_what_the_larger_of_the_old_and_the_new_item_costs() {
        let tables = &mut tables();
        assert_eq!(put(tables, 100, true), 1);
        assert_eq!(put(tables, 3000, true), 3);
        assert_eq!(put(tables, 100, true), 3);
        assert_eq!(put(tables, 100, true), 1);
    }

    #[test]
    fn a_write_whose_condition_fails_costs_the_same_and_changes_nothing() {
        let tables = &mut tables();
        put(tables, 100, true);
        assert_eq!(put(tables, 3000, false), 3);
        assert_eq!(tables.stored_bytes("t", ""), 100);
        assert_eq!(put(tables, 100, true), 1);
    }

    #[test]
    fn a_deletion_costs_what_was_there_and_never_nothing() {
        let tables = &mut tables();
        put(tables, 3000, true);
        let delete = || Action::read("Delete", json!({ "TableName": "t", "Key": item(0) }));
        assert_eq!(delete().bill(tables, true), 3);
        assert_eq!(delete().bill(tables, true), 1);
        assert_eq!(tables.stored_bytes("t", ""), 0);
    }

    #[test]
    fn an_update_sets_and_adds_and_leaves_the_rest() {
        let tables = &mut tables();
        let update = || {
            json!({
                "TableName": "t",
                "Key": item(0),
                "UpdateExpression": "SET #a = :a, #b = :b ADD #n :one",
                "ExpressionAttributeNames": { "#a": "a", "#b": "bb", "#n": "n" },
                "ExpressionAttributeValues":
                    { ":a": { "S": "x" }, ":b": { "S": "yz" }, ":one": { "N": "51" } },
            })
        };
        assert_eq!(Action::read("Update", update()).bill(tables, true), 1);
        assert_eq!(tables.stored_bytes("t", ""), 3 + 2 + 4 + 3);
        Action::read("Update", update()).bill(tables, true);
        assert_eq!(tables.stored_bytes("t", ""), 3 + 2 + 4 + 4, "102 has a digit more");
    }

    fn put(tables: &mut Tables, bytes: usize, happened: bool) -> u64 {
        Action::read("Put", json!({ "TableName": "t", "Item": item(bytes) })).bill(tables, happened)
    }

    fn tables() -> Tables {
        Tables::new(&[("t", &["pk"])])
    }

    /// An item of this size, with its key only if that is 0.
    fn item(bytes: usize) -> Value {
        let key = json!({ "pk": { "S": "k" } });
        match bytes {
            0 => key,
            _ => json!({ "pk": { "S": "k" }, "x": { "S": "x".repeat(bytes - 4) } }),
        }
    }
}
