#include "api/routes/send.hpp"

#include "node/commands.hpp"
#include "api/new_transfer.hpp"
#include "api/json/reader.hpp"
#include "api/parse.hpp"
#include "api/routes/batch_answer.hpp"
#include "core/crypto/sha256.hpp"

namespace cairn::routes {
namespace {

using Verdict = Result<Admitted, Rejection>;

/// 201 of a new transfer, 200 of one that was here already.
http::Answer accepted(const Services& services, const View& view, const Admitted& admitted) {
    const Staged rows{view.store};
    const auto location = tables::location(rows, admitted.transfer->id());
    const Height index = location ? location->height : view.tip.height + 1;
    http::Reply reply;
    reply.status = admitted.known ? 200 : 201;
    json::Writer writer{reply.body};
    std::string message = "Transaction will be added to Block " + std::to_string(index);
    const auto dropped = location ? std::nullopt : tables::dropped(rows, admitted.transfer->id());
    if (location) message = "Transaction is in Block " + std::to_string(index);
    else if (dropped) message = "Transaction was dropped: " + dropped->reason;
    else if (!admitted.executable)
        message = "Transaction waits: the sender's transfers before nonce " +
                  std::to_string(admitted.transfer->nonce()) + " have not come yet";
    writer.begin_object().key("message").string(message);
    writer.key("id").string(admitted.transfer->id().to_string());
    writer.key("index").number(index).key("transaction");
    services.objects.transfer(writer, admitted.transfer->id(), admitted.transfer->value());
    writer.end_object();
    return reply;
}

http::Answer answer_of(const Services& services, const std::optional<Verdict>& verdict,
                       const Result<ViewPtr, StoreError>& outcome) {
    if (!outcome) return store_problem(outcome.error());
    if (!*verdict) return rejection_problem(verdict->error());
    return accepted(services, **outcome, **verdict);
}

/// What a client's Idempotency-Key is remembered by: one client's key is not another's.
std::optional<Hash256> idempotency_key(const http::Request& request, const Caller* caller) {
    const auto& text = request.head.headers.idempotency_key;
    if (!text || text->empty()) return std::nullopt;
    Sha256 hasher;
    if (caller != nullptr) hasher.write(as_bytes(caller->name.key()));
    const std::uint8_t zero = 0;
    return hasher.write({&zero, 1}).write(as_bytes(*text)).finish();
}

/// A transfer known by the key of an earlier request.
std::optional<Admitted> repeated(const Node& node, const std::optional<Hash256>& key, Now now) {
    const auto id = key ? node.idempotency(*key, now) : std::nullopt;
    if (!id) return std::nullopt;
    if (auto pending = node.pool().find(*id)) return Admitted{std::move(pending), true, true, {}};
    const auto location = tables::location(node.rows(), *id);
    const auto hash = location ? tables::best(node.rows(), location->height) : std::nullopt;
    const auto block = hash ? tables::block(node.rows(), location->height, *hash) : std::nullopt;
    if (block) {
        const ByteView slice = ByteView{*block}.subspan(location->offset, location->size);
        return Admitted{CheckedTransfer::from_store(Bytes(slice.begin(), slice.end())), true, true, {}};
    }
    if (auto dropped = tables::dropped(node.rows(), *id))
        return Admitted{std::move(dropped->transfer), false, true, {}};
    return std::nullopt;
}

Verdict submit(Node& node, const TransferPtr& transfer, const std::optional<Hash256>& key, Now now) {
    auto verdict = node.submit(transfer, now);
    if (verdict && key && !verdict->known) node.remember_idempotency(*key, transfer->id(), now);
    return verdict;
}

/// A transfer that this node signs. It holds the sender's lane until it is answered, so that two
/// requests never take one nonce.
class Signing : public std::enable_shared_from_this<Signing> {
public:
    Signing(Services& services, UnsignedTransfer wish, std::optional<Hash256> key,
            http::Responder responder)
        : services_{services}, wish_{std::move(wish)}, key_{key}, responder_{std::move(responder)} {}

    static void start(const std::shared_ptr<Signing>& signing) {
        const Address& sender = signing->wish_.transfer.sender;
        const bool posted = signing->services_.slow.post(
            std::string{as_text(sender.bytes)},
            [signing](SlowLane::Hold hold) { signing->ask(std::move(hold)); });
        if (!posted) signing->responder_.answer(busy_problem());
    }

private:
    struct Asked {
        std::uint64_t nonce = 0;
        std::optional<Admitted> repeated;
    };

    void ask(SlowLane::Hold hold) {
        auto self = shared_from_this();
        const bool posted = services_.gate.post(
            Lane::transfers,
            make_command(
                [self](Node& node, Now now) {
                    return Asked{node.next_nonce(self->wish_.transfer.sender),
                                 repeated(node, self->key_, now)};
                },
                [self, hold](std::optional<Asked> asked, Result<ViewPtr, StoreError> outcome) {
                    if (!outcome) return self->responder_.answer(store_problem(outcome.error()));
                    if (asked->repeated)
                        return self->responder_.answer(
                            accepted(self->services_, **outcome, *asked->repeated));
                    self->services_.slow.resume([self, hold, nonce = asked->nonce] {
                        self->sign(self->wish_.nonce.value_or(nonce), hold);
                    });
                }));
        if (!posted) responder_.answer(busy_problem());
    }

    void sign(std::uint64_t nonce, const SlowLane::Hold& hold) {
        Transfer& transfer = wish_.transfer;
        transfer.nonce = nonce;
        const Hash256 message =
            signing_hash(services_.chain->genesis().hash, encode_unsigned(transfer));
        transfer.signature = UnlockedKey{std::move(wish_.key)}.sign(message.bytes);
        auto checked = check_transfer(encode(transfer), *services_.chain);
        if (!checked) return responder_.answer(rejection_problem(checked.error()));
        auto self = shared_from_this();
        const bool posted = services_.gate.post(
            Lane::transfers,
            make_command([self, ready = *checked](
                             Node& node, Now now) { return submit(node, ready, self->key_, now); },
                         [self, hold](std::optional<Verdict> verdict,
                                      Result<ViewPtr, StoreError> outcome) {
                             self->responder_.answer(answer_of(self->services_, verdict, outcome));
                         }));
        if (!posted) responder_.answer(busy_problem());
    }

    Services& services_;
    UnsignedTransfer wish_;
    std::optional<Hash256> key_;
    http::Responder responder_;
};

void submit_signed(Services& services, SignedTransfer transfer, std::optional<Hash256> key,
                   http::Responder responder) {
    auto checked = check_transfer(std::move(transfer.bytes), *services.chain);
    if (!checked) return responder.answer(rejection_problem(checked.error()));
    auto held = std::make_shared<http::Responder>(std::move(responder));
    const bool posted = services.gate.post(
        Lane::transfers,
        make_command([ready = *checked, key](Node& node, Now now) { return submit(node, ready, key, now); },
                     [&services, held](std::optional<Verdict> verdict,
                                       Result<ViewPtr, StoreError> outcome) {
                         held->answer(answer_of(services, verdict, outcome));
                     }));
    if (!posted) held->answer(busy_problem());
}

constexpr std::size_t kBatchEntries = 4096;

/// What a request of many transfers is, from its body to its answer.
struct Batch {
    http::Request request;
    http::Responder responder;
    std::vector<BatchEntry> entries = {};
    std::vector<TransferPtr> ready = {};
};

/// Reads and checks the entries; a problem of the whole, if there is one.
std::optional<http::Problem> check_entries(const Services& services, Batch& batch) {
    const auto each = [&](const json::Value& item) {
        if (batch.entries.size() == kBatchEntries) return false;
        auto transfer = read_signed_transfer(item, services);
        if (!transfer) {
            batch.entries.push_back({nullptr, entry_error(transfer.error())});
            return true;
        }
        auto checked = check_transfer(std::move(transfer->bytes), *services.chain);
        if (!checked) {
            batch.entries.push_back({nullptr, entry_error(rejection_problem(checked.error()))});
            return true;
        }
        batch.ready.push_back(*checked);
        batch.entries.push_back({std::move(*checked), {}});
        return true;
    };
    const auto read = json::read_elements(batch.request.body, "transactions", each);
    if (!read) return http::problem_of(read.error());
    if (*read == json::Elements::none)
        return field_problem("transactions", "an array of signed transfers", "none");
    if (*read == json::Elements::stopped)
        return field_problem("transactions", "at most " + std::to_string(kBatchEntries) + " entries",
                             "more");
    batch.request.body = {};
    return std::nullopt;
}

}  // namespace

void new_transaction(Services& services, http::Request request, std::stop_token /*stop*/,
                     http::Responder responder) {
    const auto value = parse_body(request);
    if (!value) return responder.answer(value.error());
    const Caller* caller = caller_of(request);
    auto wish = read_new_transfer(*value, services, caller);
    if (!wish) return responder.answer(std::move(wish.error()));
    const auto key = idempotency_key(request, caller);
    if (auto* transfer = std::get_if<SignedTransfer>(&*wish))
        return submit_signed(services, std::move(*transfer), key, std::move(responder));
    Signing::start(std::make_shared<Signing>(services, std::move(std::get<UnsignedTransfer>(*wish)), key,
                                             std::move(responder)));
}

void transaction_batch(Services& services, http::Request request, std::stop_token /*stop*/,
                       http::Responder responder) {
    // Many values, many signatures: not on the thread that serves sockets.
    auto batch = std::make_shared<Batch>(Batch{std::move(request), std::move(responder)});
    const bool posted = services.slow.post("", [&services, batch](const SlowLane::Hold& /*none*/) {
        if (auto problem = check_entries(services, *batch))
            return batch->responder.answer(std::move(*problem));
        const bool queued = services.gate.post(
            Lane::transfers,
            make_command(
                [batch](Node& node, Now now) {
                    std::vector<Verdict> verdicts;
                    verdicts.reserve(batch->ready.size());
                    for (const auto& transfer : batch->ready)
                        verdicts.push_back(node.submit(transfer, now));
                    return verdicts;
                },
                [batch](std::optional<std::vector<Verdict>> verdicts,
                        Result<ViewPtr, StoreError> outcome) {
                    if (!outcome) return batch->responder.answer(store_problem(outcome.error()));
                    batch->responder.answer(
                        batch_answer(std::move(batch->entries), std::move(*verdicts)));
                }));
        if (!queued) batch->responder.answer(busy_problem());
    });
    if (!posted) batch->responder.answer(busy_problem());
}

}  // namespace cairn::routes
