import type { DeadLetter, DeadLetters } from "../../repository/ports/maintenance.ts";
import { queueRole } from "../../../schema/queues.ts";
import type { Database } from "../../platform/database.ts";
import type { MessageQueue } from "../../platform/queues.ts";

/**
 * Dead letters in D1. A row has its queue's name; where the rows came from another deployment, its queues had other names.
 *
 * @param queues those that letters can be sent to again, by their roles
 */
export function deadLettersIn(db: Database, queues: Readonly<Record<string, MessageQueue>>): DeadLetters {
  return {
    async keep({ id, queue, body }, now) {
      await db
        .prepare("INSERT INTO dead_letter (id, queue, body, died_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
        .bind(id, queue, JSON.stringify(body) ?? "null", now)
        .run();
    },

    async oldest(limit) {
      const { results } = await db
        .prepare("SELECT id, queue, body FROM dead_letter ORDER BY died_at, id LIMIT ?1")
        .bind(limit)
        .run<{ id: string; queue: string; body: string }>();
      return results.map(({ id, queue, body }): DeadLetter => ({
        id,
        queue: roleIn(queue),
        body: JSON.parse(body) as unknown,
      }));
    },

    async resend({ id, queue, body }) {
      const own = queues[queue];
      if (!own) throw new Error(`there is no queue ${queue} any more`);
      // Sent first, then deleted: where the second step fails, the message is sent twice, which does no harm. The other
      // order could lose it.
      await own.send(body, { contentType: "json" });
      await db.prepare("DELETE FROM dead_letter WHERE id = ?1").bind(id).run();
    },

    async discard(until) {
      await db.prepare("DELETE FROM dead_letter WHERE died_at <= ?1").bind(until).run();
    },

    async counts() {
      const { results } = await db
        .prepare("SELECT queue, count(*) AS n FROM dead_letter GROUP BY queue")
        .run<{ queue: string; n: number }>();
      const counted = (role: string) =>
        results.filter(({ queue }) => roleIn(queue) === role).reduce((sum, { n }) => sum + n, 0);
      return new Map(Object.keys(queues).map((role) => [role, counted(role)] as const));
    },
  };
}

const roleIn = (queue: string) => queueRole(queue) ?? queue;
