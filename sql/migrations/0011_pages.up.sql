-- What the operators' and auditors' pages read: keyset paging, search by the beginning of a name or hash, closed days.
drop index exchange.package_received;
create index package_received on exchange.package (received_at, id);
create index package_of_sender on exchange.package (sender, received_at, id);
create index package_of_result on exchange.package (result, received_at, id);
create index package_of_kind on exchange.package (kind, received_at, id);
create index package_of_period on exchange.package (period, sender) include (kind, received_at, accepted)
    where result in ('ACCEPTED', 'PARTIAL');
create index package_name on exchange.package (upper(name) text_pattern_ops);
create index package_number_begins on exchange.package (number text_pattern_ops);
create index package_sha256 on exchange.package (sha256 text_pattern_ops);
create index member_name on exchange.member (upper(name) text_pattern_ops);
create index member_sha256 on exchange.member (sha256);
create index outgoing_file on exchange.outgoing (upper(name) text_pattern_ops);
create index outgoing_sha256 on exchange.outgoing (sha256);
create index document_sha256 on exchange.document (sha256);
create index event_of_person on exchange.event (seq) where actor <> 'система';
create index h_zap_idcase on pump.h_zap (idcase);
create index c_zap_idcase on pump.c_zap (idcase);
create index t_zap_idcase on pump.t_zap (idcase);
create index x_zap_idcase on pump.x_zap (idcase);

-- Task that took the package last: DAG, run, task and map index as Airflow names them; null outside Airflow.
alter table exchange.package add column run jsonb;

-- Days whose packages are all answered, and what they come to: an answered package does not change any more.
create table exchange.day_closed (
    day date primary key
);
create table exchange.day_packages (
    day date not null references exchange.day_closed on delete cascade,
    sender text,
    channel text not null,
    kind text,
    result text not null,
    packages bigint not null,
    size bigint not null,
    records bigint not null,
    accepted bigint not null,
    findings bigint not null,
    kopecks bigint not null
);
create index day_packages_day on exchange.day_packages (day);
create index day_packages_sender on exchange.day_packages (sender, day);
create table exchange.day_findings (
    day date not null references exchange.day_closed on delete cascade,
    sender text,
    member text not null,
    rule text not null,
    severity text not null,
    packages bigint not null,
    findings bigint not null
);
create index day_findings_day on exchange.day_findings (day);
create index day_findings_sender on exchange.day_findings (sender, day);

-- The same of all senders together: what the fund looks at over a year.
create table exchange.day_totals (
    day date not null references exchange.day_closed on delete cascade,
    channel text not null,
    kind text,
    result text not null,
    packages bigint not null,
    records bigint not null,
    accepted bigint not null,
    findings bigint not null,
    kopecks bigint not null
);
create index day_totals_day on exchange.day_totals (day);
create table exchange.day_rules (
    day date not null references exchange.day_closed on delete cascade,
    rule text not null,
    severity text not null,
    packages bigint not null,
    findings bigint not null
);
create index day_rules_day on exchange.day_rules (day);
create index day_rules_rule on exchange.day_rules (rule, day);

-- A package may be written after midnight with the time of its claim: its day is open again.
create function exchange.reopen_day() returns trigger language plpgsql as $$
begin
    delete from exchange.day_closed where day between
        (new.received_at at time zone 'UTC')::date - 1 and (new.received_at at time zone 'UTC')::date + 1;
    return null;
end $$;
create trigger reopen_day after insert on exchange.package for each row
    when (new.received_at < now() - interval '12 hours') execute function exchange.reopen_day();

grant select on exchange.day_closed, exchange.day_packages, exchange.day_findings, exchange.day_totals, exchange.day_rules,
    exchange.organisation, exchange.trusted_address to oms_operator, oms_auditor, oms_organisation;

alter table exchange.day_packages enable row level security;
alter table exchange.day_findings enable row level security;
alter table exchange.day_totals enable row level security; -- an organisation sees none of these
alter table exchange.day_rules enable row level security;
alter table exchange.organisation enable row level security;
alter table exchange.trusted_address enable row level security;

create policy whole on exchange.day_packages for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.day_findings for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.day_totals for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.day_rules for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.organisation for select to oms_operator, oms_auditor using (true);
create policy whole on exchange.trusted_address for select to oms_operator, oms_auditor using (true);
create policy own on exchange.day_packages for select to oms_organisation
    using (sender = current_setting('oms.organisation', true));
create policy own on exchange.day_findings for select to oms_organisation
    using (sender = current_setting('oms.organisation', true));
create policy own on exchange.organisation for select to oms_organisation
    using (code = current_setting('oms.organisation', true));
create policy own on exchange.trusted_address for select to oms_organisation
    using (organisation = current_setting('oms.organisation', true));
