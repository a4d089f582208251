-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- There were more flows than the table had room for: else nothing has been shown.
SELECT 'the table was never under pressure: ' || count(DISTINCT local_addr || remote_addr) || ' flows'
FROM flow
WHERE netns IN (SELECT netns FROM rig_netns)
HAVING count(DISTINCT local_addr || remote_addr) < 6000;
