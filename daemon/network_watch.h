// NetworkWatch: tells when the machine may have got another way to the network.
#pragma once

#include "common/fd.h"
#include "daemon/uv_loop.h"

namespace asciinemad {

class NetworkWatch {
 public:
  class Listener {
   public:
    // An address or a route has come. From the loop; often several times in a row.
    virtual void on_network_changed() = 0;

   protected:
    ~Listener() = default;
  };

  NetworkWatch(uv::Loop& loop, Listener& listener) : loop_(loop), listener_(listener) {}

  // Off at first. Where the system has nothing to watch, nothing is told.
  void turn(bool on);

 private:
  void on_ready(int events);

  uv::Loop& loop_;
  Listener& listener_;
  Fd socket_;
  uv::Handle<uv::Poll> poll_;
};

}  // namespace asciinemad
