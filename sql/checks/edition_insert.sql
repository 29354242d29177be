insert into checks.edition (dictionary, version, issued, nsi_edition, package, packet_sha256, suites, suites_sha256)
values (:dictionary, :version, :issued, :nsi_edition, :package, :packet_sha256, cast(:suites as json), :suites_sha256)
returning id
