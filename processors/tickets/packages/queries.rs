//! What can be asked about packages.

use crate::runtime::system::Partitions;
use crate::tickets::packages::Packages;
use crate::tickets::packages::tables::{HOLDS, PACKAGES};
use crate::tickets::packages::transition::{may_see, show};
use millrace_topics::tickets::{OnPackageHold, PackageAnswer, PackageQuery, Rejection};

type View<'a> = crate::runtime::view::View<'a, Packages>;

/// Which partitions a query concerns.
#[must_use]
pub fn partitions(query: &PackageQuery) -> Partitions {
    let (PackageQuery::Package { package }
    | PackageQuery::Hold(OnPackageHold { package, .. })
    | PackageQuery::Order { package, .. }) = query;
    Partitions::One(package.as_bytes().to_vec())
}

/// Answers a query.
///
/// # Errors
/// That there is no such thing for who asks.
pub fn answer(view: &View<'_>, query: PackageQuery) -> Result<PackageAnswer, Rejection> {
    match query {
        PackageQuery::Package { package } => {
            let row = view.get(PACKAGES, &package).ok_or(Rejection::UnknownPackage)?;
            Ok(PackageAnswer::Package(Box::new(row.terms)))
        }
        PackageQuery::Hold(OnPackageHold { package, hold, token }) => {
            let key = (package, hold);
            let row = view.get(HOLDS, &key).filter(|row| row.token.is(&token)).ok_or(Rejection::UnknownHold)?;
            Ok(PackageAnswer::Hold(Box::new(show(&key, &row))))
        }
        PackageQuery::Order { package, order, reader } => {
            let key = (package, order);
            let row = may_see(view.get(HOLDS, &key), &reader)?;
            Ok(PackageAnswer::Hold(Box::new(show(&key, &row))))
        }
    }
}
