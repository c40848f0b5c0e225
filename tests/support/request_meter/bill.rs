//! The cost of one request.

use serde_json::Value;

use super::action::{Action, object};
use super::item_size::{Item, item_size};
use super::tables::Tables;
use super::units::{
    Consistency, MAX_BATCH_READS, MAX_BATCH_WRITES, MAX_PAGE_BYTES, MAX_TRANSACTION, read_halves,
};
use super::usage::Units;

/// DynamoDB's response to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The request was performed.
    Success(Value),
    /// A condition failed, so the request was not performed. It costs the same.
    ConditionFailed,
    /// The request was refused and costs nothing.
    Refused,
}

impl Answer {
    /// Reads the body of an error response.
    pub fn refusal(body: &[u8]) -> Answer {
        let error: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = error["__type"].as_str().unwrap_or_default();
        let name = name.rsplit('#').next().unwrap_or_default();
        let condition = ["ConditionalCheckFailedException", "TransactionCanceledException"];
        if condition.contains(&name) { Answer::ConditionFailed } else { Answer::Refused }
    }
}

/// Returns the units of a request by table, and records its changes.
pub fn bill(
    tables: &mut Tables,
    operation: &str,
    request: Value,
    answer: &Answer,
) -> Vec<(String, Units)> {
    let happened = match answer {
        Answer::Success(_) => true,
        Answer::ConditionFailed => false,
        Answer::Refused => return Vec::new(),
    };
    let nothing = Value::Null;
    let body = if let Answer::Success(body) = answer { body } else { &nothing };
    match operation {
        "PutItem" => vec![write(tables, Action::read("Put", request), happened)],
        "UpdateItem" => vec![write(tables, Action::read("Update", request), happened)],
        "DeleteItem" => vec![write(tables, Action::read("Delete", request), happened)],
        "BatchWriteItem" => batch_write(tables, request, &body["UnprocessedItems"]),
        "TransactWriteItems" => transact_write(tables, request, happened),
        "GetItem" => vec![(table_of(&request), get(&body["Item"], consistency(&request)))],
        "BatchGetItem" => batch_get(&request, body),
        "TransactGetItems" => transact_get(&request, body),
        "Query" | "Scan" => vec![(table_of(&request), page(&request, body))],
        _ => panic!("the meter has no rule for {operation}"),
    }
}

fn write(tables: &mut Tables, action: Action, happened: bool) -> (String, Units) {
    (action.table.clone(), Units::of_write(action.bill(tables, happened)))
}

/// Unprocessed writes were not performed and cost nothing.
fn batch_write(
    tables: &mut Tables,
    mut request: Value,
    handed_back: &Value,
) -> Vec<(String, Units)> {
    let by_table = object(request["RequestItems"].take());
    let requests = by_table.into_iter().flat_map(|(table, requests)| {
        let requests = requests.as_array().cloned().unwrap();
        requests.into_iter().map(move |request| Action::of_batch(&table, request))
    });
    let actions: Vec<Action> = requests.collect();
    assert!(actions.len() <= MAX_BATCH_WRITES, "a batch of {} writes", actions.len());
    let mut bills = Vec::new();
    for action in actions {
        let back = handed_back[&action.table].as_array().into_iter().flatten();
        let mut back = back.map(|request| Action::of_batch(&action.table, request.clone()).keyed);
        if !back.any(|item| tables.have_one_key(&action.table, &item, &action.keyed)) {
            bills.push(write(tables, action, true));
        }
    }
    bills
}

fn transact_write(tables: &mut Tables, mut request: Value, happened: bool) -> Vec<(String, Units)> {
    let actions = request["TransactItems"].as_array_mut().unwrap();
    assert!(actions.len() <= MAX_TRANSACTION, "a transaction of {} writes", actions.len());
    let bill = |action: &mut Value| {
        let (name, request) = action.as_object_mut().unwrap().iter_mut().next().unwrap();
        let (table, units) = write(tables, Action::read(name, request.take()), happened);
        (table, units.doubled())
    };
    actions.iter_mut().map(bill).collect()
}

fn get(item: &Value, consistency: Consistency) -> Units {
    Units::of_read(read_halves(item.as_object().map_or(0, item_size), consistency))
}

/// Each item is rounded on its own. A missing item costs as much as the smallest one.
fn batch_get(request: &Value, body: &Value) -> Vec<(String, Units)> {
    let mut bills = Vec::new();
    for (table, wanted) in request["RequestItems"].as_object().unwrap() {
        let keys = wanted["Keys"].as_array().map_or(0, Vec::len);
        let back = body["UnprocessedKeys"][table]["Keys"].as_array().map_or(0, Vec::len);
        assert!(keys <= MAX_BATCH_READS, "a batch of {keys} reads");
        let found: &[Value] = body["Responses"][table].as_array().map_or(&[], Vec::as_slice);
        let missing = std::iter::repeat_n(&Value::Null, keys - back - found.len());
        let read = found.iter().chain(missing);
        bills.extend(read.map(|item| (table.clone(), get(item, consistency(wanted)))));
    }
    bills
}

fn transact_get(request: &Value, body: &Value) -> Vec<(String, Units)> {
    let gets = request["TransactItems"].as_array().unwrap().iter();
    let items = body["Responses"].as_array().into_iter().flatten();
    let bill = |(wanted, found): (&Value, &Value)| {
        (table_of(&wanted["Get"]), get(&found["Item"], Consistency::Strong).doubled())
    };
    gets.zip(items).map(bill).collect()
}

/// A page is rounded as a whole. It costs what is read for it, not what is returned.
fn page(request: &Value, body: &Value) -> Units {
    let expressions = ["FilterExpression", "ProjectionExpression", "IndexName", "Select"];
    for expression in expressions {
        assert!(request.get(expression).is_none(), "the meter does not support {expression}");
    }
    let items = body["Items"].as_array().into_iter().flatten();
    let read = items.map(|item| item_size(as_item(item))).sum();
    assert!(read <= MAX_PAGE_BYTES, "a page of {read} bytes");
    Units::of_read(read_halves(read, consistency(request)))
}

fn consistency(request: &Value) -> Consistency {
    match request["ConsistentRead"].as_bool() {
        Some(true) => Consistency::Strong,
        Some(false) | None => Consistency::Eventual,
    }
}

fn table_of(request: &Value) -> String {
    request["TableName"].as_str().unwrap().to_owned()
}

fn as_item(value: &Value) -> &Item {
    value.as_object().unwrap()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_batch_costs_what_each_of_its_items_does() {
        let batch =
            json!({ "RequestItems": { "t": [put("a", 1000), put("b", 1500), delete("c")] } });
        check("BatchWriteItem", &batch, &json!({}), (4, 0));
    }

    #[test]
    fn unprocessed_writes_of_a_batch_cost_nothing() {
        let batch = json!({ "RequestItems": { "t": [put("a", 1000), put("b", 1500)] } });
        let answer = json!({ "UnprocessedItems": { "t": [put("b", 1500)] } });
        check("BatchWriteItem", &batch, &answer, (1, 0));
    }

    #[test]
    fn a_transaction_costs_twice_what_its_items_do() {
        let actions = json!([
            { "Put": { "TableName": "t", "Item": item("a", 1500) } },
            { "Delete": { "TableName": "t", "Key": item("b", 10) } },
            { "ConditionCheck": { "TableName": "t", "Key": item("c", 10) } },
        ]);
        check("TransactWriteItems", &json!({ "TransactItems": actions }), &json!({}), (8, 0));
        let gets = json!([{ "Get": { "TableName": "t" } }, { "Get": { "TableName": "t" } }]);
        let found = json!({ "Responses": [{ "Item": item("a", 5000) }, {}] });
        check("TransactGetItems", &json!({ "TransactItems": gets }), &found, (0, 12));
    }

    #[test]
    fn a_consistent_read_costs_twice_an_eventual_one() {
        let found = json!({ "Item": item("a", 5000) });
        check("GetItem", &json!({ "TableName": "t" }), &found, (0, 2));
        let consistent = json!({ "TableName": "t", "ConsistentRead": true });
        check("GetItem", &consistent, &found, (0, 4));
        check("GetItem", &consistent, &json!({}), (0, 2));
    }

    #[test]
    fn a_page_is_rounded_as_a_whole_and_each_item_of_a_batch_alone() {
        let items = [item("a", 100), item("b", 100), item("c", 4000)];
        check("Query", &json!({ "TableName": "t" }), &json!({ "Items": items }), (0, 2));
        let batch = json!({ "RequestItems": { "t": { "Keys": [1, 2, 3, 4] } } });
        check("BatchGetItem", &batch, &json!({ "Responses": { "t": items } }), (0, 4));
    }

    #[test]
    #[should_panic(expected = "a batch of 26 writes")]
    fn a_batch_beyond_25_items_stops_the_test() {
        let writes: Vec<Value> = (0..26).map(|key| put(&key.to_string(), 100)).collect();
        check("BatchWriteItem", &json!({ "RequestItems": { "t": writes } }), &json!({}), (26, 0));
    }

    #[test]
    #[should_panic(expected = "a page of 1048577 bytes")]
    fn a_page_beyond_a_megabyte_stops_the_test() {
        let page = |last| json!({ "Items": [item("a", 1_048_476), item("b", last)] });
        check("Query", &json!({ "TableName": "t" }), &page(100), (0, 256));
        check("Query", &json!({ "TableName": "t" }), &page(101), (0, 257));
    }

    #[test]
    fn a_failed_condition_costs_a_write_and_a_refusal_nothing() {
        let put = json!({ "TableName": "t", "Item": item("a", 1500) });
        let units = |error: &str| {
            let answer = Answer::refusal(json!({ "__type": error }).to_string().as_bytes());
            total("PutItem", put.clone(), &answer).write
        };
        assert_eq!(units("com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"), 2);
        assert_eq!(units("ThrottlingException"), 0);
    }

    #[track_caller]
    fn check(operation: &str, request: &Value, answer: &Value, (write, read_halves): (u64, u64)) {
        let units = total(operation, request.clone(), &Answer::Success(answer.clone()));
        assert_eq!(units, Units { write, read_halves }, "{operation}");
    }

    fn total(operation: &str, request: Value, answer: &Answer) -> Units {
        let tables = &mut Tables::new(&[("t", &["pk"])]);
        let mut total = Units::default();
        for (table, units) in bill(tables, operation, request, answer) {
            assert_eq!(table, "t");
            total += units;
        }
        total
    }

    fn put(key: &str, bytes: usize) -> Value {
        json!({ "PutRequest": { "Item": item(key, bytes) } })
    }

    fn delete(key: &str) -> Value {
        json!({ "DeleteRequest": { "Key": { "pk": { "S": key } } } })
    }

    /// An item of this size.
    fn item(key: &str, bytes: usize) -> Value {
        json!({ "pk": { "S": key }, "x": { "S": "x".repeat(bytes - 4) } })
    }
}
