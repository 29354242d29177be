-- Documents made of a package after its answer: results of Great Expectations (RESULTS, JSON), Data Docs (DATA_DOCS, ZIP of HTML).
create table exchange.document (
    id bigint generated always as identity primary key,
    package bigint not null references exchange.package,
    kind text not null check (kind in ('RESULTS', 'DATA_DOCS')),
    name text not null,
    sha256 text not null check (length(sha256) = 64),
    size bigint not null,
    made_at timestamptz not null,
    purged_at timestamptz
);
create unique index document_kept on exchange.document (package, kind) where purged_at is null;
create index document_made on exchange.document (made_at) where purged_at is null;

grant select on exchange.document to oms_operator, oms_auditor, oms_organisation;
alter table exchange.document enable row level security;
create policy whole on exchange.document for select to oms_operator, oms_auditor using (true);
create policy own on exchange.document for select to oms_organisation
    using (exists (select from exchange.package p where p.id = package));
