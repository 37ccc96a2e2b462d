use std::collections::BTreeSet;

use adr_core::SecretRef;
use adr_runtime::Input;

use super::*;

fn seat(id: &str, cce: Option<&str>) -> Seat {
    Seat {
        id: id.into(),
        device_name: format!("Device {id}"),
        cce: cce.map(str::to_owned),
        access_id: String::new(),
        secret_key: SecretRef::File(format!("/keys/{id}.key").into()),
        org_id: format!("org-{id}").as_str().into(),
        region: None,
        base_url: None,
    }
}

fn template(text: &str) -> Result<Template, Findings> {
    let root = Node::parse(text).expect("it is YAML");
    let file = File { path: "t.yaml".into(), text: text.into(), shown: text.into(), start: 0 };
    Template::new(root, Files(vec![file]), Vec::new())
}

fn inputs(pipeline: &Pipeline, inputs: &[Input]) -> BTreeSet<String> {
    pipeline.names(inputs).into_iter().map(str::to_owned).collect()
}

fn tenants(pipeline: &Pipeline, component: &str) -> Vec<String> {
    pipeline.only.as_ref().unwrap()[component].iter().map(ToString::to_string).collect()
}

const SOURCE: &str = "sources:\n  jumpcloud: { type: jumpcloud, poll_interval: 5s }\n";

#[test]
fn what_speaks_of_the_cce_is_there_once_for_each_cce_and_all_else_once() {
    let template = Template::built_in().unwrap();
    let seats = [seat("a", Some("192.0.2.5")), seat("b", Some("192.0.2.6:6514")), seat("c", Some("192.0.2.5"))];
    let pipeline = template.pipeline(&seats).unwrap();
    let names: Vec<&str> = pipeline.sinks.iter().map(|sink| &*sink.id).collect();
    assert_eq!(names, ["cce.192-0-2-5", "cce.192-0-2-6_6514"]);
    assert_eq!(tenants(&pipeline, "cce.192-0-2-5"), ["org-a", "org-c"]);
    assert_eq!(tenants(&pipeline, "cce.192-0-2-6_6514"), ["org-b"]);
    assert_eq!(pipeline.only.as_ref().unwrap().len(), 2, "the source and the mapping are for all");
    assert_eq!((pipeline.sources.len(), pipeline.transforms.len()), (1, 1));
    let Source::Jumpcloud(config) = &pipeline.sources[0].part else { panic!("it reads JumpCloud") };
    let settings = adr_source_jumpcloud::Settings::try_from((**config).clone()).unwrap();
    let read: Vec<_> = settings.tenants.iter().map(|tenant| (&*tenant.name, &*tenant.device_name)).collect();
    assert_eq!(read, [("org-a", "Device a"), ("org-b", "Device b"), ("org-c", "Device c")]);
}

#[test]
fn two_addresses_that_make_one_name_make_two_sinks() {
    let template = Template::built_in().unwrap();
    let seats = [seat("a", Some("cce.example.com")), seat("b", Some("cce-example.com"))];
    let pipeline = template.pipeline(&seats).unwrap();
    let names: Vec<&str> = pipeline.sinks.iter().map(|sink| &*sink.id).collect();
    assert_eq!(names.len(), 2);
    for (name, tenant) in names.iter().zip(&["org-b", "org-a"]) {
        assert!(name.starts_with("cce.cce-example-com"), "{names:?}");
        assert_eq!(tenants(&pipeline, name), [*tenant]);
        // Whoever comes or goes: another CCE's sink under its name would be given what it has not delivered.
        let seat = seats.iter().find(|seat| *seat.org_id == **tenant).unwrap().clone();
        let alone = template.pipeline(&[seat]).unwrap();
        assert_eq!(*alone.sinks[0].id, **name, "a name is of its value alone");
    }
}

#[test]
fn what_is_of_one_device_takes_only_what_was_made_for_the_same() {
    let text = format!(
        "{SOURCE}transforms:\n  adr: {{ type: adr, inputs: [jumpcloud] }}\n  named: {{ type: remap, inputs: [adr], program: '.x = \
         \"${{DEVICE_NAME}}\"' }}\nsinks:\n  cce: {{ type: cce_syslog, inputs: [named], address: '${{DEVICE_CCE}}' }}\n  all: \
         {{ type: stdout, inputs: [named] }}\n"
    );
    let pipeline = template(&text).unwrap();
    let seats = [seat("a", Some("192.0.2.5")), seat("b", Some("192.0.2.6")), seat("c", Some("192.0.2.5"))];
    let pipeline = pipeline.pipeline(&seats).unwrap();
    let sink = |name: &str| pipeline.sinks.iter().find(|sink| &*sink.id == name).unwrap();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(inputs(&pipeline, &sink("cce.192-0-2-5").inputs), set(&["named.a", "named.c"]));
    assert_eq!(inputs(&pipeline, &sink("cce.192-0-2-6").inputs), set(&["named.b"]));
    assert_eq!(inputs(&pipeline, &sink("all").inputs), set(&["named.a", "named.b", "named.c"]));
    assert_eq!(tenants(&pipeline, "named.b"), ["org-b"]);
    assert!(!pipeline.only.as_ref().unwrap().contains_key("all"));
}

#[test]
fn a_customer_who_names_himself_writes_no_program_and_no_path() {
    let text = format!(
        "{SOURCE}transforms:\n  named: {{ type: remap, inputs: [jumpcloud], program: '.x = \"${{DEVICE_NAME}}\"' }}\nsinks:\n  \
         out: {{ type: file, inputs: [named], path: '/x/${{DEVICE_NAME}}.ndjson' }}\n"
    );
    let evil = Seat { device_name: "../\" | env | \"${HOME}".into(), ..seat("a", None) };
    let pipeline = template(&text).unwrap().pipeline(&[evil]).unwrap_or_else(|found| panic!("{found}"));
    let Sink::File(config) = &pipeline.sinks[0].part else { panic!("it is a file") };
    let path = format!("{config:?}");
    assert!(path.contains("/x/..__ | env | ___HOME_.ndjson"), "{path}");
}

#[test]
fn outputs_of_a_route_are_found_behind_its_instances() {
    let text = format!(
        "{SOURCE}transforms:\n  split: {{ type: route, inputs: [jumpcloud], routes: {{ a: '.x == \"${{DEVICE_CCE}}\"' }} }}\n\
         sinks:\n  out: {{ type: stdout, inputs: [split.a, split._unmatched] }}\n"
    );
    let pipeline = template(&text).unwrap().pipeline(&[seat("a", Some("192.0.2.5")), seat("b", Some("192.0.2.6"))]);
    let pipeline = pipeline.unwrap_or_else(|found| panic!("{found}"));
    let names = inputs(&pipeline, &pipeline.sinks[0].inputs);
    assert!(names.contains("split.192-0-2-5.a") && names.len() == 4, "{names:?}");
    for output in ["a", "_unmatched"] {
        assert_eq!(tenants(&pipeline, &format!("split.192-0-2-5.{output}")), ["org-a"]);
        assert_eq!(tenants(&pipeline, &format!("split.192-0-2-6.{output}")), ["org-b"]);
    }
}

#[test]
fn a_device_more_changes_what_is_its_own_and_the_source() {
    let template = Template::built_in().unwrap();
    let mut seats = vec![seat("a", Some("192.0.2.5"))];
    let one = template.pipeline(&seats).unwrap();
    assert_eq!(template.pipeline(&[]).unwrap().changed(&one).len(), 3, "from nothing to all");
    seats.push(seat("b", Some("192.0.2.6")));
    let two = template.pipeline(&seats).unwrap();
    assert_eq!(one.changed(&two), ["jumpcloud", "cce.192-0-2-6"]);
    seats[1].cce = Some("192.0.2.5".into());
    let moved = template.pipeline(&seats).unwrap();
    assert_eq!(two.changed(&moved), ["cce.192-0-2-5", "cce.192-0-2-6"], "the source reads on");
}

#[test]
fn a_template_says_what_it_needs_of_devices() {
    let built_in = Template::built_in().unwrap();
    assert!(built_in.needs("DEVICE_CCE") && !built_in.needs("DEVICE_NAME"));
    let text = format!(
        "{SOURCE}sinks:\n  out: {{ type: cce_syslog, inputs: [jumpcloud], address: '${{DEVICE_CCE:-192.0.2.9}}' }}\n"
    );
    let template = template(&text).unwrap();
    assert!(!template.needs("DEVICE_CCE"));
    let pipeline = template.pipeline(&[seat("a", None), seat("b", Some("192.0.2.5"))]).unwrap();
    let names: Vec<&str> = pipeline.sinks.iter().map(|sink| &*sink.id).collect();
    assert_eq!(names, ["out.none", "out.192-0-2-5"]);
}

#[test]
fn what_cannot_be_meant_is_told_at_its_place() {
    let out = "sinks:\n  out: { type: stdout, inputs: [jumpcloud] }\n";
    for (text, wanted) in [
        (
            format!("sources:\n  jumpcloud: {{ type: jumpcloud, secret_key: {{ env: K }} }}\n{out}"),
            "`secret_key` is what each device",
        ),
        (format!("sources:\n  jumpcloud: {{ type: stdin }}\n{out}"), "reads devices"),
        (format!("{SOURCE}  more: {{ type: stdin }}\n{out}"), "a template has one source"),
        (
            format!("sources:\n  jumpcloud: {{ type: jumpcloud, ca_file: '/${{DEVICE_ID}}' }}\n{out}"),
            "${DEVICE_ID}` has no value here",
        ),
        (
            format!("{SOURCE}{out}  letters: {{ type: file, path: '/x/${{DEVICE_ID}}' }}\ndead_letter: letters\n"),
            "has no value here",
        ),
        (
            format!("{SOURCE}sinks:\n  out: {{ type: nothing, inputs: [jumpcloud], address: '${{DEVICE_ID}}' }}\n"),
            "no sink of type",
        ),
    ] {
        let found = template(&text).err().unwrap_or_else(|| panic!("taken: {text}")).to_string();
        assert!(found.contains(wanted) && found.contains("t.yaml"), "{text}\n{found}");
    }
}

#[test]
fn what_is_wrong_with_a_component_is_told_once_however_many_were_made_of_it() {
    let template = Template::built_in().unwrap();
    let seats: Vec<Seat> = (0..20).map(|n| seat(&n.to_string(), Some(&format!("no address {n}")))).collect();
    let found = template.pipeline(&seats).expect_err("these are no addresses");
    assert_eq!(found.in_lines().count(), 1, "{found}");
}
