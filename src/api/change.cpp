#include "api/change.hpp"

namespace cairn {
namespace {

http::Problem not_done_problem() {
    http::Problem problem{.status = 503,
                          .detail =
                              "The node did not come to it in time; nothing was changed. Try "
                              "again."};
    problem.retry_after = 1;
    return problem;
}

http::Problem unknown_problem(const std::string& id, const std::string& ask) {
    http::Problem problem{
        .status = 503,
        .detail =
            "The node has begun, but its disk did not end it in time: it may yet be done. Ask " +
            ask + " before you send it again."};
    problem.outcome = "unknown";
    if (!id.empty()) problem.id = id;
    return problem;
}

}  // namespace

Change::Change(http::Responder responder, std::stop_token stop, std::string ask,
               std::function<bool()> stopping)
    : responder_{std::move(responder)},
      ask_{std::move(ask)},
      stopping_{std::move(stopping)},
      on_stop_{std::move(stop), [this] {
                   if (!stopping_()) give_up();
               }} {}

void Change::answer(http::Answer answer) {
    std::optional<http::Responder> responder;
    {
        const std::lock_guard lock{mutex_};
        responder.swap(responder_);
    }
    if (responder) responder->answer(std::move(answer));
}

bool Change::begin() {
    const std::lock_guard lock{mutex_};
    if (!responder_) return false;
    begun_ = true;
    return true;
}

void Change::not_yet() {
    const std::lock_guard lock{mutex_};
    begun_ = false;
}

void Change::give_up() {
    std::optional<http::Responder> responder;
    http::Problem problem;
    {
        const std::lock_guard lock{mutex_};
        responder.swap(responder_);
        problem = begun_ ? unknown_problem(id_, id_.empty() ? ask_ : "GET /transactions/" + id_)
                         : not_done_problem();
    }
    if (responder) responder->answer(std::move(problem));
}

bool Change::answered() const {
    const std::lock_guard lock{mutex_};
    return !responder_;
}

void Change::is_about(std::string id) {
    const std::lock_guard lock{mutex_};
    id_ = std::move(id);
}

}  // namespace cairn
