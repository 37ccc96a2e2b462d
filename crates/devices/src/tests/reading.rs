//! What is read of a folder that people and programs write into.

use std::fs;
use std::os::unix::fs::symlink;

use adr_core::{FailureKind, SecretRef};

use super::{Scene, chmod, form, key, mode, now, shown};
use crate::{Folder, Problem};

fn device(name: &str, org_id: &str) -> String {
    format!("device_name: {name}\nsecret_key: {{ file: keys/{name}.key }}\nconfiguration: {{ org_id: {org_id} }}\n")
}

#[test]
fn a_folder_is_made_for_this_user_alone_and_left_as_it_is_when_it_is_there() {
    let scene = Scene::new();
    assert_eq!(mode(scene.folder.path()), 0o700);
    assert!(scene.files().is_empty(), "{:?}", scene.files());
    chmod(scene.folder.path(), 0o750);
    scene.again(None).read().unwrap();
    assert_eq!((mode(scene.folder.path()), scene.files().len()), (0o750, 0));
    scene.write("file", "");
    for wrong in ["file", "file/below"] {
        let failure = Folder::open(&scene.path(wrong), None).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(failure.message.contains("not a folder"), "{failure}");
    }
}

#[test]
fn a_broken_file_harms_no_other() {
    let scene = Scene::new();
    scene.write("acme.yaml", &device("acme", "a1"));
    scene.write("beta.yaml", "device_name: Beta\nconfiguration: {org_id: b1}\nsecret_key: \"abc\"\n");
    fs::write(scene.path("gamma.yaml"), b"device_name: G\xff\n").unwrap();
    scene.write("huge.yaml", &"# large\n".repeat(40_000));
    fs::create_dir(scene.path("folder.yaml")).unwrap();
    symlink("nowhere", scene.path("gone.yaml")).unwrap();
    scene.write("zeta.yaml", &device("zeta", "z1"));
    assert_eq!(scene.ids(), ["acme", "zeta"]);
    let problems = scene.problems();
    let wanted = [
        "beta.yaml:3:13: a secret is never written",
        "folder.yaml: it is a folder",
        "gamma.yaml:1:15: this is not UTF-8",
        "huge.yaml: it is too large",
    ];
    assert_eq!(problems.len(), wanted.len(), "{problems:?}");
    for (problem, wanted) in problems.iter().zip(wanted) {
        assert!(problem.starts_with(wanted), "{problem}");
    }
    let contents = scene.folder.read().unwrap();
    let beta = contents.problems.iter().find(|problem| problem.file == "beta.yaml").unwrap();
    assert!(beta.refused && beta.device.as_deref() == Some("beta"));
}

#[test]
fn a_named_pipe_is_not_waited_for() {
    let scene = Scene::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, scene.path("pipe.yaml"), rustix::fs::Mode::RWXU).unwrap();
    assert_eq!(scene.problems().len(), 1);
    assert!(scene.problems()[0].starts_with("pipe.yaml: it is no file"), "{:?}", scene.problems());
}

#[test]
fn other_files_are_nobodys_business_but_a_near_miss_is_told() {
    let scene = Scene::new();
    for name in [".acme.yaml", ".acme.yaml.new", "acme.yaml.new", "acme.yaml~", "acme.yaml.bak", "README.md", "x.json"]
    {
        scene.write(name, "not: [yaml");
    }
    assert_eq!((scene.ids().len(), scene.problems()), (0, Vec::<String>::new()));
    scene.write("Acme.yaml", &device("acme", "a1"));
    scene.write("beta.yml", &device("beta", "b1"));
    scene.write("a\nb.yaml", &device("ab", "b1"));
    let problems = scene.problems();
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].starts_with("Acme.yaml: this is no name of a device: rename"), "{problems:?}");
    assert!(problems[1].starts_with("a\\nb.yaml: "), "{problems:?}");
    assert!(problems[2].starts_with("beta.yml: it is not read"), "{problems:?}");
    let problems = scene.folder.read().unwrap().problems;
    let names: Vec<&str> = problems.iter().filter(|problem| problem.refused).map(Problem::name).collect();
    assert_eq!(names, ["Acme", "a\\nb"], "each has a name, be it no id");
}

#[test]
fn a_device_that_is_refused_has_the_organization_that_it_had() {
    let scene = Scene::new();
    let id = "5A2AF2A82CF2B0010053EA41";
    let organizations = |folder: &Folder| -> Vec<(String, Option<String>)> {
        let problems = folder.read().unwrap().problems.into_iter().filter(|problem| problem.refused);
        problems.map(|problem| (problem.name().to_owned(), problem.organization)).collect()
    };
    let acme = |organization: &str| vec![("acme".to_owned(), Some(organization.to_owned()))];
    scene.write("acme.yaml", &device("acme", id));
    assert_eq!(scene.folder.read().unwrap().devices[0].configuration.org_id, Some(id.to_lowercase()));
    for _ in 0..2 {
        scene.write("acme.yaml", "device_name: [");
        assert_eq!(organizations(&scene.folder), acme(&id.to_lowercase()));
    }
    assert_eq!(organizations(&scene.again(None)), [("acme".to_owned(), None)], "who has not read it cannot know");
    scene.write("acme.yaml", &(device("acme", id) + "cce_pi: 192.0.2.5\n"));
    assert_eq!(organizations(&scene.again(None)), acme(&id.to_lowercase()), "it can be seen in the text");
    // One that is right by itself says it itself.
    scene.write("acme.yaml", &device("acme", "B1"));
    scene.write("a.yaml", &device("a", "b1"));
    assert_eq!(organizations(&scene.again(None)), acme("B1"));
    scene.folder.read().unwrap();
    fs::remove_file(scene.path("acme.yaml")).unwrap();
    scene.folder.read().unwrap();
    scene.write("acme.yaml", "device_name: [");
    assert_eq!(organizations(&scene.folder), [("acme".to_owned(), None)], "a file that was gone is another one");
}

#[test]
fn an_organization_is_read_once() {
    let scene = Scene::new();
    // `acme-2` is later than `acme`, although `acme-2.yaml` is not later than `acme.yaml`.
    scene.write("acme.yaml", &device("one", "5A2A"));
    scene.write("acme-2.yaml", &device("two", "5a2a"));
    scene.write("zeta.yaml", &device("three", "5a2a"));
    scene.write("beta.yaml", &device("four", "5b2b"));
    scene.write("msp.yaml", "device_name: M1\nsecret_key: {env: A}\nprovider: {}\n");
    scene.write("msp-2.yaml", "device_name: M2\nsecret_key: {env: B}\nprovider: {}\n");
    assert_eq!(scene.ids(), ["acme", "beta", "msp", "msp-2"]);
    let problems = scene.problems();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("acme-2.yaml: acme.yaml is the same organization"), "{problems:?}");
    assert!(problems[1].starts_with("zeta.yaml: acme.yaml is the same organization"), "{problems:?}");
    assert!(scene.folder.read().unwrap().problems.iter().filter(|problem| problem.refused).count() == 2);
}

#[test]
fn a_name_that_is_there_twice_is_a_warning() {
    let scene = Scene::new();
    scene.write("acme.yaml", &device("Acme", "a1"));
    scene.write("beta.yaml", &device("ACME", "b1"));
    assert_eq!(scene.ids(), ["acme", "beta"]);
    let problems = scene.folder.read().unwrap().problems;
    let problem = problems.iter().find(|problem| problem.file == "beta.yaml").unwrap();
    assert!(!problem.refused && problem.message.contains("acme.yaml has the same Device Name"), "{problem}");
}

#[test]
fn access_of_others_is_told_with_its_end_and_no_refusal() {
    let scene = Scene::new();
    let added = scene.add(&form("Acme"));
    let key_file = scene.folder.key_file(&added).unwrap();
    assert_eq!(scene.folder.read().unwrap().problems, []);
    chmod(scene.folder.path(), 0o755);
    chmod(&scene.path("keys"), 0o750);
    chmod(&key_file, 0o644);
    let contents = scene.folder.read().unwrap();
    assert_eq!(contents.devices.len(), 1);
    assert_eq!(contents.problems.len(), 3, "{:?}", contents.problems);
    for problem in &contents.problems {
        assert!(!problem.refused, "{problem}");
        let (_, command) = problem.message.split_once("run: ").unwrap();
        let (program, rest) = command.split_once(' ').unwrap();
        let (mode, path) = rest.split_once(' ').unwrap();
        assert!(program == "chmod" && ["700", "600"].contains(&mode), "{problem}");
        chmod(path.as_ref(), u32::from_str_radix(mode, 8).unwrap());
    }
    assert_eq!(scene.folder.read().unwrap().problems, []);
    assert_eq!(shown(&scene.folder.secret(&added).unwrap()), "key-of-a-device");
}

#[test]
fn keys_wherever_they_are() {
    let scene = Scene::new();
    fs::write(scene.outside("one.key"), "key-1\r\n").unwrap();
    scene.write("two.key", " key-2\n");
    let absolute = scene.outside("one.key");
    for (reference, wanted) in [(absolute.to_str().unwrap(), "key-1"), ("two.key", "key-2"), ("../one.key", "key-1")] {
        scene.write(
            "acme.yaml",
            &format!("device_name: A\nconfiguration: {{org_id: a}}\nsecret_key: {{file: \"{reference}\"}}\n"),
        );
        let device = scene.folder.device("acme").unwrap();
        assert_eq!(shown(&scene.folder.secret(&device).unwrap()), wanted);
        assert!(scene.folder.key_file(&device).unwrap().is_absolute());
        assert!(scene.folder.secret_ref(&device) == SecretRef::File(scene.folder.key_file(&device).unwrap()));
    }
    scene.write("acme.yaml", "device_name: A\nconfiguration: {org_id: a}\nsecret_key: {env: KEY}\n");
    let device = scene.folder.device("acme").unwrap();
    assert!(scene.folder.key_file(&device).is_none());
    assert!(scene.folder.secret_ref(&device) == SecretRef::Env("KEY".to_owned()));
    assert!(scene.folder.secret(&device).unwrap_err().message.contains("not kept in a file"));
}

#[test]
fn a_key_that_is_not_there_is_told_with_its_place() {
    let scene = Scene::new();
    let device = scene.add(&form("Acme"));
    let path = scene.folder.key_file(&device).unwrap();
    for (content, words) in
        [("", "is empty"), (" \n", "is empty"), ("a\nb\n", "more than one line"), (&*"x".repeat(70_000), "too large")]
    {
        fs::write(&path, content).unwrap();
        let failure = scene.folder.secret(&device).unwrap_err();
        assert!(failure.message.contains(words) && failure.kind == FailureKind::Config, "{failure}");
    }
    fs::remove_file(&path).unwrap();
    let failure = scene.folder.secret(&device).unwrap_err();
    assert!(failure.message.contains("(keys/acme-1796428800.key): it is not there"), "{failure}");
    assert_eq!(failure.kind, FailureKind::Config);
}

#[test]
fn a_folder_that_is_gone_is_not_an_empty_one() {
    let scene = Scene::new();
    scene.add(&form("Acme"));
    fs::rename(scene.folder.path(), scene.outside("moved")).unwrap();
    let failure = scene.folder.read().unwrap_err();
    assert!(failure.message.contains(scene.folder.path().to_str().unwrap()), "{failure}");
    scene.folder.add(&form("Beta"), &key("key"), now()).unwrap_err();
}
