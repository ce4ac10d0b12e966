#include "api/routes/send.hpp"

#include "api/change.hpp"
#include "api/new_transfer.hpp"
#include "api/parse.hpp"
#include "core/crypto/sha256.hpp"
#include "node/commands.hpp"

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
    if (location)
        message = "Transaction is in Block " + std::to_string(index);
    else if (dropped)
        message = "Transaction was dropped: " + dropped->reason;
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
        return Admitted{
            CheckedTransfer::from_store(Bytes(slice.begin(), slice.end())), true, true, {}};
    }
    if (auto dropped = tables::dropped(node.rows(), *id))
        return Admitted{std::move(dropped->transfer), false, true, {}};
    return std::nullopt;
}

Verdict submit(Node& node, const TransferPtr& transfer, const std::optional<Hash256>& key,
               Now now) {
    auto verdict = node.submit(transfer, now);
    if (verdict && key && !verdict->known) node.remember_idempotency(*key, transfer->id(), now);
    return verdict;
}

/// A transfer that this node signs. It holds the sender's lane until it is answered, so that two
/// requests never take one nonce; what others hand in for the sender meanwhile may still take it,
/// and then another is chosen.
class Signing : public std::enable_shared_from_this<Signing> {
public:
    Signing(Services& services, UnsignedTransfer wish, std::optional<Hash256> key, ChangePtr change)
        : services_{services},
          transfer_{std::move(wish.transfer)},
          nonce_of_client_{wish.nonce},
          signer_{std::move(wish.key)},
          key_{key},
          change_{std::move(change)} {}

    static void start(const std::shared_ptr<Signing>& signing) {
        const bool posted = signing->services_.slow.post(
            SlowWork::sign, std::string{as_text(signing->transfer_.sender.bytes)},
            [signing](SlowLane::Hold hold) { signing->ask(std::move(hold)); });
        if (!posted) signing->change_->answer(busy_problem());
    }

private:
    /// Times that another nonce is chosen before the request is given back.
    static constexpr int kChoicesMax = 16;

    struct Asked {
        std::uint64_t nonce = 0;
        std::optional<Admitted> repeated;
    };
    /// What came of it, or the nonce that is next now: the one that was chosen has been taken.
    using Tried = std::variant<Verdict, std::uint64_t>;

    void ask(SlowLane::Hold hold) {
        auto self = shared_from_this();
        const bool posted = services_.gate.post(
            Lane::transfers,
            question_command(
                change_,
                [self](Node& node, Now now) {
                    return Asked{node.next_nonce(self->transfer_.sender),
                                 repeated(node, self->key_, now)};
                },
                [self, hold](std::optional<Asked> asked, Result<ViewPtr, StoreError> outcome) {
                    if (!outcome) return self->change_->answer(store_problem(outcome.error()));
                    if (asked->repeated)
                        return self->change_->answer(
                            accepted(self->services_, **outcome, *asked->repeated));
                    self->sign_later(self->nonce_of_client_.value_or(asked->nonce), hold);
                }));
        if (!posted) change_->answer(busy_problem());
    }

    void sign_later(std::uint64_t nonce, const SlowLane::Hold& hold) {
        services_.slow.resume(
            SlowWork::sign, [self = shared_from_this(), hold, nonce] { self->sign(nonce, hold); });
    }

    void sign(std::uint64_t nonce, const SlowLane::Hold& hold) {
        if (change_->answered()) return;
        transfer_.nonce = nonce;
        const Hash256 message =
            signing_hash(services_.chain->genesis().hash, encode_unsigned(transfer_));
        transfer_.signature = signer_.sign(message.bytes);
        auto checked = check_transfer(encode(transfer_), *services_.chain);
        if (!checked) return change_->answer(rejection_problem(checked.error()));
        change_->is_about((*checked)->id().to_string());
        auto self = shared_from_this();
        const bool posted = services_.gate.post(
            Lane::transfers,
            change_command(
                change_,
                [self, ready = *checked](Node& node, Now now) -> Tried {
                    // Of the two that would have one nonce, neither may replace the other.
                    const std::uint64_t next = node.next_nonce(ready->sender());
                    if (!self->nonce_of_client_ && next != ready->nonce()) return next;
                    return submit(node, ready, self->key_, now);
                },
                [self, hold](std::optional<Tried> tried, Result<ViewPtr, StoreError> outcome) {
                    self->tried(std::move(tried), outcome, hold);
                }));
        if (!posted) change_->answer(busy_problem());
    }

    void tried(std::optional<Tried> tried, const Result<ViewPtr, StoreError>& outcome,
               const SlowLane::Hold& hold) {
        if (!outcome) return change_->answer(store_problem(outcome.error()));
        if (const auto* verdict = std::get_if<Verdict>(&*tried))
            return change_->answer(answer_of(services_, *verdict, outcome));
        change_->not_yet();
        if (++choices_ < kChoicesMax) return sign_later(std::get<std::uint64_t>(*tried), hold);
        http::Problem problem{.status = 503,
                              .detail =
                                  "Others hand in this sender's transfers faster than this "
                                  "node can choose a nonce; nothing was changed. Try again "
                                  "in a second, or choose the nonce."};
        problem.retry_after = 1;
        change_->answer(std::move(problem));
    }

    Services& services_;
    Transfer transfer_;
    const std::optional<std::uint64_t> nonce_of_client_;
    const UnlockedKey signer_;
    const std::optional<Hash256> key_;
    const ChangePtr change_;
    int choices_ = 0;
};

void submit_signed(Services& services, SignedTransfer transfer, std::optional<Hash256> key,
                   const ChangePtr& change) {
    auto checked = check_transfer(std::move(transfer.bytes), *services.chain);
    if (!checked) return change->answer(rejection_problem(checked.error()));
    change->is_about((*checked)->id().to_string());
    const bool posted = services.gate.post(
        Lane::transfers,
        change_command(
            change,
            [ready = *checked, key](Node& node, Now now) { return submit(node, ready, key, now); },
            [&services, change](std::optional<Verdict> verdict,
                                Result<ViewPtr, StoreError> outcome) {
                change->answer(answer_of(services, verdict, outcome));
            }));
    if (!posted) change->answer(busy_problem());
}

}  // namespace

void new_transaction(Services& services, http::Request request, std::stop_token stop,
                     http::Responder responder) {
    const auto value = parse_body(request);
    if (!value) return responder.answer(value.error());
    const Caller* caller = caller_of(request);
    auto wish = read_new_transfer(*value, services, caller);
    if (!wish) return responder.answer(std::move(wish.error()));
    const auto key = idempotency_key(request, caller);
    auto change = std::make_shared<Change>(std::move(responder), std::move(stop), "GET /pool",
                                           services.stopping);
    if (auto* transfer = std::get_if<SignedTransfer>(&*wish))
        return submit_signed(services, std::move(*transfer), key, change);
    Signing::start(std::make_shared<Signing>(services, std::move(std::get<UnsignedTransfer>(*wish)),
                                             key, std::move(change)));
}

}  // namespace cairn::routes
