insert into nsi.edition (dictionary, title, source, sha256, version, issued)
values (:dictionary, :title, :source, :sha256, :version, :issued)
on conflict (dictionary, sha256) do nothing
returning id
