select e.id, e.dictionary, e.version, e.issued, e.state, e.enabled_from, e.proposed_at, e.package, e.nsi_edition,
       e.packet_sha256, e.suites_sha256, e.report_sha256, d.decided_by, d.decided_at, d.reason
from checks.edition e
left join lateral (select * from checks.decision where edition = e.id order by id desc limit 1) d on true
order by e.dictionary, e.id
