//! Whole lists, page by page.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Kind};
use crate::http::{Http, Request};

/// The most that a page may hold (API description, section Pagination).
const PER_PAGE: u32 = 50;

/// Pages of one list: 50,000 objects, far more than a project can hold. Stops a server that always names a next page.
const PAGES_MAX: u32 = 1000;

/// How often a list is begun again because objects came or went between two of its pages.
const RESTARTS_MAX: u32 = 2;

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    next_page: Option<u32>,
    #[serde(default)]
    total_entries: Option<u64>,
}

/// Reads every page. When the total changes between two pages an object may have slipped over the page border unseen, so the
/// list is read again.
pub(crate) async fn list_all<T: DeserializeOwned>(
    http: &Http,
    request: Request,
    key: &str,
) -> Result<Vec<T>, Error> {
    let mut restarts = 0;
    'whole: loop {
        let mut all = Vec::new();
        let mut page = 1;
        let mut total = None;
        loop {
            let paged =
                request.clone().query("page", page.to_string()).query("per_page", PER_PAGE.to_string());
            let answer = http.call(&paged).await?;
            let mut items: Vec<T> = answer.member(key)?;
            let meta: Meta = answer.optional("meta")?;
            all.append(&mut items);
            let Some(pagination) = meta.pagination else { return Ok(all) };
            if page == 1 {
                total = pagination.total_entries;
            } else if pagination.total_entries != total && restarts < RESTARTS_MAX {
                restarts += 1;
                continue 'whole;
            }
            match pagination.next_page {
                None => return Ok(all),
                Some(next) if next <= page || next > PAGES_MAX => {
                    let reason = format!("after page {page} comes page {next}");
                    return Err(Error::new(request.operation, Kind::Decode { status: 200, reason }));
                }
                Some(next) => page = next,
            }
        }
    }
}
