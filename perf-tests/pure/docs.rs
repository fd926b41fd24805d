//! The book and the pages beside it: every link leads somewhere, and every page of `docs/` is in its summary.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use agentos_perf::{Overrides, ProfileSource, load_profile, render_diagnostics};

/// The pages beside the book.
const ROOT_PAGES: [&str; 5] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
];

/// What is checked of a page of Markdown.
#[derive(Debug, Default, PartialEq)]
struct Page {
    /// Targets of links and images, as they are written.
    links: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Page {
    fn read(text: &str) -> Page {
        let mut page = Page::default();
        let mut is_code = false;
        for line in text.lines() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                page.line(line);
            }
        }
        page
    }

    fn line(&mut self, line: &str) {
        self.links.extend(links(line));
        let heading = line.trim_start_matches('#');
        if heading.len() < line.len() && heading.starts_with(' ') {
            let anchor = slug(heading.trim());
            let again = (1..).map(|n| format!("{anchor}-{n}"));
            let free = std::iter::once(anchor.clone())
                .chain(again)
                .find(|free| !self.anchors.contains(free));
            self.anchors.extend(free);
        }
    }
}

/// Where the inline links and images of a line lead to. Text in backticks is code and has no links.
fn links(line: &str) -> Vec<String> {
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn slug(heading: &str) -> String {
    heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the repository, by its path from the root.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = folder.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn book() -> Vec<PathBuf> {
    let mut pages = files_below(Path::new("docs"));
    pages.retain(|path| path.extension().is_some_and(|end| end == "md"));
    pages.sort();
    pages
}

fn text(path: &Path) -> String {
    fs::read_to_string(root().join(path))
        .unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// A relative link's file, without `.` and `..`; `None` where it leaves the repository.
fn resolve(page: &Path, link: &str) -> Option<PathBuf> {
    let mut parts = Vec::new();
    for part in page.parent()?.join(link).components() {
        match part {
            Component::Normal(name) => parts.push(name.to_owned()),
            Component::ParentDir => drop(parts.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.iter().collect())
}

/// What is wrong with a link of a page; `None` if it is right, or leads to another host.
fn problem(page: &Path, link: &str, pages: &BTreeMap<PathBuf, Page>) -> Option<&'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        page.to_owned()
    } else {
        match resolve(page, file) {
            Some(target) => target,
            None => return Some("leaves the repository"),
        }
    };
    if page.starts_with("docs") && !target.starts_with("docs") {
        return Some("leaves the book, which is published without the rest");
    }
    if !root().join(&target).exists() {
        return Some("leads to a file that does not exist");
    }
    let is_missing = |known: &Page| !known.anchors.contains(anchor);
    let is_dead = !anchor.is_empty() && pages.get(&target).is_none_or(is_missing);
    is_dead.then_some("leads to a heading that does not exist")
}

#[test]
fn every_link_leads_somewhere() {
    let paths = ROOT_PAGES.iter().map(PathBuf::from).chain(book());
    let pages: BTreeMap<PathBuf, Page> = paths
        .map(|path| {
            let page = Page::read(&text(&path));
            (path, page)
        })
        .collect();
    let mut problems = Vec::new();
    let mut links = 0;
    for (path, page) in &pages {
        links += page.links.len();
        for link in &page.links {
            if let Some(what) = problem(path, link, &pages) {
                problems.push(format!("{}: {link} {what}", path.display()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(links > 100, "only {links} links were found");
}

#[test]
fn every_page_of_the_book_is_in_its_summary_once() {
    let summary = Path::new("docs/SUMMARY.md");
    let mut listed: Vec<PathBuf> = Page::read(&text(summary))
        .links
        .iter()
        .map(|link| resolve(summary, link).expect("a page of the book"))
        .collect();
    listed.sort();
    let mut pages = book();
    pages.retain(|page| page != summary);
    assert_eq!(listed, pages);
}

#[test]
fn links_and_anchors_are_read_as_they_are_rendered() {
    let page = Page::read(
        "# A title\n\nSee [one](a.md#b), `[no](link)` and ![two](c.png).\n\n```sh\n# no heading\n[no](link)\n```\n\
         ## `[scenario.NAME.socket]`\n## Step-by-step: it's 5 %\n## A title\n#no-heading\n",
    );
    assert_eq!(page.links, ["a.md#b", "c.png"]);
    let anchors = [
        "a-title",
        "a-title-1",
        "scenarionamesocket",
        "step-by-step-its-5-",
    ];
    assert_eq!(page.anchors, anchors.map(str::to_owned).into());
}

#[test]
fn dead_links_are_found() {
    let page = Path::new("docs/SUMMARY.md");
    let known = BTreeMap::from([(PathBuf::from("docs/PROFILE.md"), Page::read("## Keys\n"))]);
    let problem = |link| problem(page, link, &known);
    assert_eq!(problem("PROFILE.md#keys"), None);
    assert_eq!(problem("https://example.com/#what"), None);
    assert_eq!(
        problem("PROFILE.md#locks"),
        Some("leads to a heading that does not exist")
    );
    assert_eq!(
        problem("nothing.md"),
        Some("leads to a file that does not exist")
    );
    assert_eq!(
        problem("../README.md"),
        Some("leaves the book, which is published without the rest")
    );
    assert_eq!(problem("../../etc"), Some("leaves the repository"));
}

/// The blocks of a page in a language, such as `csv`.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let begins = page.split(&fence).skip(1);
    begins
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
        .collect()
}

#[test]
fn the_profile_of_the_page_on_data_is_right() {
    let page = text(Path::new("docs/data.md"));
    let (profiles, data) = (blocks(&page, "toml,example"), blocks(&page, "csv"));
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("signup.toml");
    fs::write(&path, profiles[0]).expect("written");
    fs::write(folder.path().join("people.csv"), data[0]).expect("written");
    let load = |variables: &[(&str, &str)]| {
        let named = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let overrides = Overrides {
            variables: Some(named.collect()),
            ..Overrides::default()
        };
        load_profile(&ProfileSource::File(path.clone()), &overrides)
    };
    let profile = load(&[("SHOP_BASIC", "YW5uOnNlY3JldA==")]);
    let profile = profile.unwrap_or_else(|problems| panic!("{}", render_diagnostics(&problems)));
    assert_eq!(profile.plans[0].endpoints.len(), 3);
    let problems = load(&[]).expect_err("a variable is missing");
    assert!(render_diagnostics(&problems).contains("SHOP_BASIC is not set"));
    // Each kind of body in a profile of its own.
    let bodies = profiles[1].lines().filter(|line| !line.starts_with('#'));
    for name in ["cv.pdf", "order.xml"] {
        fs::write(folder.path().join(name), "<a/>").expect("written");
    }
    for body in bodies {
        let whole = profiles[0].replace("weight = 50", &format!("weight = 50\n{body}"));
        fs::write(&path, whole).expect("written");
        let read = load(&[("SHOP_BASIC", "x")]);
        read.unwrap_or_else(|problems| panic!("{body}: {}", render_diagnostics(&problems)));
    }
}
