! Prices European options on leased workers, ten for each invocation, and checks every price
! against one computed here. The function is the one of price.c.
program price_fortran
  use, intrinsic :: iso_fortran_env, only: error_unit
  use offcut
  implicit none

  integer, parameter :: options_count = 1000, batch = 10
  character(kind=c_char, len=*), parameter :: name = 'blackscholes/price' // c_null_char
  character(kind=c_char), target :: reference(len(name))
  real(c_double), target :: options(5, options_count), prices(2, options_count)
  type(offcut_item) :: items(options_count / batch)
  type(offcut_options) :: wanted
  type(offcut_error) :: error
  type(c_ptr) :: client, pool
  integer :: i, wrong
  integer(c_int) :: code

  do i = 1, options_count
    options(:, i) = [80d0 + mod(i, 41), 90d0 + mod(i, 23), 0.25d0 + 0.25d0 * mod(i, 8), &
      0.01d0 + 0.005d0 * mod(i, 5), 0.1d0 + 0.05d0 * mod(i, 7)]
  end do
  prices = 0d0

  reference = transfer(name, reference)
  client = offcut_connect(c_null_ptr, error)
  if (.not. c_associated(client)) call fail()
  call offcut_options_init(wanted, c_loc(reference))
  pool = offcut_pool_open(client, wanted, error)
  if (.not. c_associated(pool)) call fail()

  do i = 1, size(items)
    items(i)%input = c_loc(options(1, (i - 1) * batch + 1))
    items(i)%input_bytes = int(batch * 5 * c_double, c_int32_t)
    items(i)%output = c_loc(prices(1, (i - 1) * batch + 1))
    items(i)%output_capacity = int(batch * 2 * c_double, c_int32_t)
  end do
  code = offcut_map(pool, offcut_pool_function(pool, c_null_ptr), items, size(items, kind=c_size_t), &
    offcut_forever_ns, error)
  if (code /= 0) call fail()
  call offcut_pool_close(pool)
  call offcut_client_close(client)

  wrong = 0
  do i = 1, options_count
    if (.not. all(abs(prices(:, i) - price_here(options(:, i))) < 1d-3)) wrong = wrong + 1
  end do
  print '(i0, a, i0, a)', options_count, ' options, ', wrong, ' wrong'
  if (wrong /= 0) stop 1

contains

  pure function normal(x) result(y)
    real(c_double), intent(in) :: x
    real(c_double) :: y
    y = 0.5d0 * erfc(-x / sqrt(2d0))
  end function

  ! Black and Scholes, 1973: call and put.
  pure function price_here(o) result(p)
    real(c_double), intent(in) :: o(5)
    real(c_double) :: p(2), deviation, d1, d2, discounted
    deviation = o(5) * sqrt(o(3))
    d1 = (log(o(1) / o(2)) + (o(4) + 0.5d0 * o(5)**2) * o(3)) / deviation
    d2 = d1 - deviation
    discounted = o(2) * exp(-o(4) * o(3))
    p = [o(1) * normal(d1) - discounted * normal(d2), discounted * normal(-d2) - o(1) * normal(-d1)]
  end function

  subroutine fail()
    write (error_unit, '(2a)') 'price_fortran: ', offcut_message(error)
    stop 1
  end subroutine
end program
