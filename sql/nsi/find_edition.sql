select id from nsi.edition where dictionary = :dictionary and sha256 = :sha256
