#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"
#include "core/primitives/coins.hpp"
#include "json/writer.hpp"

namespace cairn::cli {
namespace {

Outcome<void> check_coins(const std::string& what, const std::string& text) {
    if (parse_coins(text)) return {};
    return fail(usage_failure(what +
                              ": expected coins such as 12.5, with at most 8 decimals, found \"" +
                              plain(text) + "\""));
}

void show_transfer(Output& out, const Json& transfer) {
    const bool reward = transfer["nonce"].is_null();
    const auto party = [&](const char* name, const char* address) {
        const std::string proven = shown(transfer[address]);
        const std::string told = shown(transfer[name]);
        return proven.empty() || proven == told ? told : told + " (" + proven + ")";
    };
    // On chains with names `data` is the envelope that the lines above tell.
    const bool bare = transfer["memo"].is_null() && transfer["sender_address"].is_null();
    Facts{out}
        .add("id", shown(transfer["id"]))
        .add("from", reward ? "reward of its block" : party("sender", "sender_address"))
        .add("to", party("recipient", "recipient_address"))
        .add("amount", coins(transfer["amount"]))
        .add("fee", coins(transfer["fee"]))
        .add("nonce", shown(transfer["nonce"]))
        .add("memo", shown(transfer["memo"]))
        .add("data", bare ? shown(transfer["data"]) : "")
        .add("size", counted(transfer["size"].whole_number(), "byte"))
        .add("signature", shown(transfer["signature"]))
        .end();
}

}  // namespace

Outcome<void> run_command(Context& context, const Send& send) {
    if (auto checked = check_coins("AMOUNT", send.amount); !checked) return checked;
    if (!send.fee.empty())
        if (auto checked = check_coins("--fee", send.fee); !checked) return checked;
    const auto call = [&](const std::string& recipient) {
        std::string body;
        json::Writer members{body, json::Quoting::as_typed};
        members.begin_object();
        members.key("recipient").string(recipient).key("amount").string(send.amount);
        if (!send.fee.empty()) members.key("fee").string(send.fee);
        if (!send.memo.empty()) members.key("memo").string(send.memo);
        if (!send.from.empty()) members.key("sender").string(send.from);
        members.end_object();
        return Call{.method = "POST",
                    .target = "/transactions/new",
                    .body = std::move(body),
                    .needs_login = true,
                    .once = true};
    };
    return answer_about(context, send.recipient, call, [&](const Json& told) {
        context.out.line(shown(told["message"]) + ".");
        show_transfer(context.out, told["transaction"]);
    });
}

Outcome<void> run_command(Context& context, const Mine& mine) {
    const auto call = [&](const std::string& to) {
        const std::string count = mine.count == 1 ? "" : std::to_string(mine.count);
        return Call{.method = "POST",
                    .target = "/mine" + query({{"count", count}, {"to", to}}),
                    .needs_login = true};
    };
    return answer_about(context, mine.to, call, [&](const Json& told) {
        const std::size_t blocks = told["blocks"].elements().size();
        context.out.line(
            shown(told["message"]) +
            (blocks > 1 ? ": " + counted(blocks, "block") + ", the last of them" : "") + ":");
        const Json::Array& transactions = told["transactions"].elements();
        Facts facts{context.out};
        facts.add("block", shown(told["index"]))
            .add("hash", shown(told["hash"]))
            .add("nonce", shown(told["proof"]))
            .add("transactions", std::to_string(transactions.size()));
        if (!transactions.empty()) {
            facts.add("reward", coins(transactions.front()["amount"]) + " to " +
                                    shown(transactions.front()["recipient"]));
        }
        facts.end();
    });
}

Outcome<void> run_command(Context& context, const Tx& tx) {
    return answer(context, {.target = "/transactions/" + percent_encode(tx.id)},
                  [&](const Json& told) {
                      Facts{context.out}
                          .add("status", shown(told["status"]))
                          .add("reason", shown(told["reason"]))
                          .add("block", shown(told["block"]["index"]))
                          .add("hash", shown(told["block"]["hash"]))
                          .add("confirmations", shown(told["confirmations"]))
                          .end();
                      if (!told["transaction"].is_object()) return;
                      context.out.line("");
                      show_transfer(context.out, told["transaction"]);
                  });
}

Outcome<void> run_command(Context& context, const Pool& /*pool*/) {
    Table table{context.out, transfer_columns()};
    return answer_streamed(
        context, {.target = "/pool"}, {"pool"},
        [&](std::string_view, const Json& transfer) {
            table.row(transfer_row(transfer));
            return context.out.good();
        },
        [&](const Json&) {
            table.end();
            if (table.rows() == 0) context.out.line("Nothing waits.");
        });
}

}  // namespace cairn::cli
